---@meta url

---@class sse.url.Parts
---@field scheme "http"|"https"|"ws"|"wss"|"ftp"|string
---@field host string
---@field username string?
---@field password string?
---@field port integer? nil, or left out, if it is the scheme's own
---@field path string?
---@field query string?
---@field args table<string, (string|number)[]>? added to the query
---@field fragment string?

---Addresses and form encoding.
---@class sse.url
---@overload fun(parts: sse.url.Parts): string
local url = {}

---@param parts sse.url.Parts
---@return string
function url.encode(parts) end

---Raises if the text is no absolute URL.
---@param text string
---@return sse.url.Parts
function url.decode(text) end

---Form encoding.
---@param pairs table<string, string|number|boolean|(string|number|boolean)[]>
---@return string
function url.quote(pairs) end

---Form decoding: each name with the list of its values.
---@param text string
---@return table<string, string[]>
function url.unquote(text) end

return url
