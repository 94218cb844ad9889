---@meta template

---@class sse.template.Options
---@field directory string?
---@field templates table<string, string>? sources by name
---@field autoescape "html"|"json"|"none"|nil html without it
---@field keep_trailing_newline boolean?
---@field trim_blocks boolean?
---@field lstrip_blocks boolean?

---@class sse.template.Library
local library = {}

---@param name string
---@param context? table
---@return string
function library:render(name, context) end

---The source may extend and include templates of the library.
---@param source string
---@param context? table
---@return string
function library:renderstring(source, context) end

---@param name string
---@param source string
function library:add(name, source) end

---@param name string
function library:remove(name) end

function library:clear() end

---Texts with holes, in the language of Jinja.
---@class sse.template
local template = {}

---Escapes for HTML.
---@param source string
---@param context? table
---@return string
function template.renderstring(source, context) end

---@param options? sse.template.Options
---@return sse.template.Library
function template.library(options) end

return template
