---@meta kv

---Strings and numbers that all hooks share, and that survive a reload.
---@class sse.kv
local kv = {}

---@param key string
---@return string|number|nil
function kv.get(key) end

---@param key string
---@param value string|number
---@param ttl? number milliseconds; for ever without it
function kv.set(key, value, ttl) end

---@param key string
---@return boolean # whether there was one
function kv.delete(key) end

---@param key string
---@param by? number 1 without it
---@return number # the sum; a missing value counts as 0
function kv.incr(key, by) end

return kv
