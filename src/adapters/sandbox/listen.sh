# The ways out of a sandbox, for its first process to source: ports on the loopback, each leading to one of the host's
# sockets. Whoever kills one inside cuts themselves off for a second.
while read -r port socket; do
  while :; do
    socat "TCP-LISTEN:$port,bind=127.0.0.1,reuseaddr,fork,max-children=64" \
      "UNIX-CONNECT:/run/prod-access/sockets/$socket" </dev/null >/dev/null
    sleep 1
  done </dev/null >/dev/null &
done </run/prod-access/listeners
