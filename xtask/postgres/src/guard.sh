# The parent of a private server. $1: its directory; the rest: the server's command line.
# It obeys the words on its standard input, each answered by one word on standard output. When the
# input ends, however whoever held it ended, it stops the server and removes the directory: so there
# is one way to clean up, which also serves Ctrl-C and SIGKILL.
dir=$1; shift
pid_file=$dir/data/postmaster.pid
server=

# At once, as if the power had failed.
halt() {
  if [ "$server" ]; then
    kill -QUIT "$server" 2>/dev/null
    wait "$server"
    server=
  fi
  rm -f "$pid_file"
}

# Ready is what the server itself calls so, in the last line of its pid file.
start() {
  "$@" >"$dir/log" 2>&1 </dev/null &
  server=$!
  looks=0
  while kill -0 "$server" 2>/dev/null && [ "$looks" -lt 3000 ]; do
    looks=$((looks + 1))
    if tail -n 1 "$pid_file" 2>/dev/null | grep -q ready; then
      echo ready
      return
    fi
    sleep 0.02
  done
  echo failed
}

while read -r word; do
  halt
  case $word in
    start) start "$@" ;;
    stop) echo stopped ;;
  esac
done
halt
cd / && rm -rf "$dir"
