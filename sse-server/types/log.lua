---@meta log

---@alias sse.log.Level "ERROR"|"WARN"|"INFO"|"DEBUG"|"TRACE"|1|2|3|4|5|string

---Lines in the server's log.
---@class sse.log
---@field ERROR string
---@field WARN string
---@field INFO string
---@field DEBUG string
---@field TRACE string
local log = {}

---@param level sse.log.Level
---@param text string|number
function log.log(level, text) end

---As `string.format`.
---@param level sse.log.Level
---@param format string
---@param ... any
function log.logf(level, format, ...) end

---@param text string|number
function log.error(text) end

---As `string.format`.
---@param format string
---@param ... any
function log.errorf(format, ...) end

---@param text string|number
function log.warn(text) end

---As `string.format`.
---@param format string
---@param ... any
function log.warnf(format, ...) end

---@param text string|number
function log.info(text) end

---As `string.format`.
---@param format string
---@param ... any
function log.infof(format, ...) end

---@param text string|number
function log.debug(text) end

---As `string.format`.
---@param format string
---@param ... any
function log.debugf(format, ...) end

---@param text string|number
function log.trace(text) end

---As `string.format`.
---@param format string
---@param ... any
function log.tracef(format, ...) end

return log
