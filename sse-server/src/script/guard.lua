-- What can catch an error must not catch that the script is over its budget; what loads code takes text only;
-- and nothing of a script runs where no budget holds.
-- over(caught) tells whether a budget is spent; pending is what a call yields while the server waits for it.
local over, pending, text_only = ...

local type, status, isyieldable = type, coroutine.status, coroutine.isyieldable
local raw_pcall, raw_xpcall, raw_error, raw_load, raw_loadfile = pcall, xpcall, error, load, loadfile
local create, raw_resume, raw_close, yield = coroutine.create, coroutine.resume, coroutine.close, coroutine.yield

-- The server does not resume a call that is over its budget.
local function give_up()
  if isyieldable() then
    yield(pending)
  end
  raw_error("the script is over its budget", 0)
end

local function kept(ok, ...)
  if not ok and over(...) then
    give_up()
  end
  return ok, ...
end

function pcall(...)
  return kept(raw_pcall(...))
end

function xpcall(run, handler, ...)
  -- The interpreter does not look at the time while it handles an error that came from doing so.
  local function guarded(caught)
    if over(caught) then
      return caught
    end
    return handler(caught)
  end
  return kept(raw_xpcall(run, guarded, ...))
end

-- A call that waits inside a coroutine of the script hands the wait on to the server.
local function step(routine, ...)
  if over() then
    give_up()
  end
  local ok, first = ...
  if ok and first == pending then
    return step(routine, raw_resume(routine, yield(pending)))
  end
  return kept(...)
end

local function resume(routine, ...)
  return step(routine, raw_resume(routine, ...))
end
coroutine.resume = resume

local function unwrapped(routine, ok, ...)
  if ok then
    return ...
  end
  if status(routine) == "dead" then
    raw_close(routine)
  end
  raw_error((...), 0)
end

function coroutine.wrap(run)
  local routine = create(run)
  return function(...)
    return unwrapped(routine, resume(routine, ...))
  end
end

function coroutine.close(routine)
  return kept(raw_close(routine))
end

local function loaded(chunk, ...)
  if chunk == nil and over(...) then
    give_up()
  end
  return chunk, ...
end

local function mode_of(mode)
  return text_only and "t" or mode
end

function load(chunk, name, mode, ...)
  return loaded(raw_load(chunk, name, mode_of(mode), ...))
end

if text_only then
  -- The interpreter does not look at the time in a finalizer, and runs one whenever it collects.
  local raw_setmetatable, rawget = setmetatable, rawget
  function setmetatable(object, ...)
    local metatable = ...
    if type(metatable) == "table" and rawget(metatable, "__gc") ~= nil then
      raw_error("a metatable must not have __gc", 2)
    end
    return raw_setmetatable(object, ...)
  end
  -- The one metatable with a finalizer that a script could reach.
  getmetatable(io.stdout).__metatable = false

  function loadfile(path, mode, ...)
    return raw_loadfile(path, "t", ...)
  end

  function dofile(path)
    local chunk, message = raw_loadfile(path, "t")
    if not chunk then
      raw_error(message, 0)
    end
    return chunk()
  end

  local searchpath = package.searchpath
  local function search(name)
    local path, tried = searchpath(name, package.path)
    if not path then
      return tried
    end
    local chunk, message = raw_loadfile(path, "t")
    if not chunk then
      raw_error(("error loading module '%s' from file '%s':\n\t%s"):format(name, path, message), 0)
    end
    return chunk, path
  end
  local searchers = package.searchers
  searchers[2] = search
  for index = #searchers, 3, -1 do
    searchers[index] = nil
  end
end
