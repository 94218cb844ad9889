---@meta time

---The clock, in milliseconds since 1970.
---@class sse.time
---@overload fun(): integer
local time = {}

---@return integer
function time.now() end

---Milliseconds since some moment before the script started; never goes back.
---@return number
function time.monotonic() end

---As RFC 3339, in UTC.
---@param milliseconds? number now without it
---@return string
function time.format(milliseconds) end

---Reads RFC 3339.
---@param text string
---@return integer? milliseconds
---@return string? wrong
function time.parse(text) end

---Reads a duration as the command line has them: `1h 30m`.
---@param text string
---@return integer? milliseconds
---@return string? wrong
function time.duration(text) end

return time
