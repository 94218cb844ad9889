---@meta mutex

---Waits for its turn, calls the function and gives what it gave. Not for use inside itself.
---@alias sse.mutex.Lock fun(work: fun(): any): any

---One coroutine at a time, in the order in which they came.
---@return sse.mutex.Lock
local function mutex() end

return mutex
