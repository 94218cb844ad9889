---@meta uuid

---Identifiers that need no registry, in lower case with hyphens.
---@class sse.uuid
---@overload fun(): string
local uuid = {}

---Random.
---@return string
function uuid.v4() end

---Ordered by time.
---@return string
function uuid.v7() end

return uuid
