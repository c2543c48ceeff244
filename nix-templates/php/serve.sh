# Runs PHP's own server, "$@". At SIGTERM it would end at once and drop the requests it is answering; at SIGINT it answers
# them first. So it starts deaf to the one, in a process group of its own that gets the other.
(trap '' TERM && exec setsid "$@") &
hop3_server=$!
trap 'kill -INT -- "-$hop3_server" 2>/dev/null || true' TERM INT HUP
while :; do
  hop3_status=0
  wait "$hop3_server" || hop3_status=$?
  # A signal ends the wait, too, and the server may still be at work.
  kill -0 "$hop3_server" 2>/dev/null || break
done
while kill -0 -- "-$hop3_server" 2>/dev/null; do sleep 0.1; done
exit "$hop3_status"
