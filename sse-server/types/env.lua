---@meta env

---The environment that the server was started in.
---@class sse.env
---@overload fun(name: string, default?: any): string|any
local env = {}

---@param name string
---@param default? any
---@return string|any
function env.get(name, default) end

---Raises if the variable is not set.
---@param name string
---@return string
function env.need(name) end

return env
