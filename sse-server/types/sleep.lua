---@meta sleep

---Waits, while other hooks run.
---@async
---@param milliseconds number|string
local function sleep(milliseconds) end

return sleep
