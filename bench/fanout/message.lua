-- The least that a script can do with each delivery: it is asked, and lets it pass.
function message(pub, sub)
  return pub
end
