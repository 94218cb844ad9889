---@meta json

---Lua values as JSON and back.
---@class sse.json
---@overload fun(value: any, pretty?: boolean): string
---@field null lightuserdata null: a value of its own, and true in a condition
local json = {}

---An empty table is an object; any part that is a list makes a table an array. Functions, userdata
---and tables inside themselves raise.
---@param value any
---@param pretty? boolean two spaces a level
---@return string
function json.encode(value, pretty) end

---Raises if the text is not JSON.
---@param text string
---@return any
function json.decode(text) end

---Marks a table, or a new one, as an array even when it is empty.
---@generic T: table
---@param table? T
---@return T
function json.array(table) end

---Encodes and prints.
---@param value any
function json.print(value) end

---Encodes with two spaces a level and prints.
---@param value any
function json.pprint(value) end

return json
