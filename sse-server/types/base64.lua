---@meta base64

---Bytes as text, always padded.
---@class sse.base64.Alphabet
---@overload fun(bytes: string): string
local alphabet = {}

---@param bytes string
---@return string
function alphabet.encode(bytes) end

---Raises on anything else than padded base64 without white space.
---@param text string
---@return string
function alphabet.decode(text) end

---@class sse.base64: sse.base64.Alphabet
---@overload fun(bytes: string): string
local base64 = {}

---The same in the alphabet of URLs.
---@return sse.base64.Alphabet
function base64.urlsafe() end

return base64
