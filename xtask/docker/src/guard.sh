# The parent of a private Docker engine. $1: its directory.
# It obeys the words on its standard input, each answered by one word on standard output. When the
# input ends, however whoever held it ended, it kills the engine with all containers and removes
# everything: so there is one way to clean up, which also serves Ctrl-C and SIGKILL.
dir=$1
PATH=$PATH:/usr/sbin:/sbin
number=
engine=

# A pair of network links, one for each side. Its name is taken by one engine only.
link() {
  ip link add "phd$1" type veth peer name "phe$1" 2>/dev/null
}

# A free number, which leads to addresses that no route of this machine has.
take_number() {
  wanted=200
  while [ "$wanted" -lt 250 ]; do
    if ! ip -4 route | grep -q "^10\.$wanted\." && link "$wanted"; then
      number=$wanted
      echo "$number" >"$dir/number"
      return 0
    fi
    wanted=$((wanted + 1))
  done
  return 1
}

# Tries a command again for ten seconds.
patiently() {
  tries=0
  until "$@" 2>/dev/null; do
    tries=$((tries + 1))
    [ "$tries" -lt 500 ] || return 1
    sleep 0.02
  done
}

entered() {
  [ "$(readlink "/proc/$engine/ns/net")" != "$(readlink /proc/self/ns/net)" ]
}

connect() {
  patiently entered &&
    ip link set "phe$number" netns "$engine" &&
    ip addr add "10.$number.255.1/30" dev "phd$number" &&
    ip link set "phd$number" up &&
    ip route add "10.$number.0.0/16" via "10.$number.255.2"
}

start() {
  if [ "$number" ]; then link "$number"; else take_number; fi || {
    echo "no network is free" >>"$dir/log"
    echo failed
    return
  }
  # When this shell is killed, the kernel kills what it started.
  setpriv --pdeathsig KILL unshare --net sh "$dir/namespaces.sh" network "$dir" "$number" \
    >>"$dir/log" 2>&1 </dev/null &
  engine=$!
  if connect 2>>"$dir/log"; then echo started; else echo failed; fi
}

# Control groups can be removed when the last process is gone.
no_groups() {
  for group in /sys/fs/cgroup/"$1" /sys/fs/cgroup/*/"$1"; do
    [ ! -d "$group" ] || find "$group" -depth -type d -exec rmdir {} + || return 1
  done
}

# At once, as if the power had failed.
halt() {
  [ "$engine" ] || return
  kill -KILL "$engine" 2>/dev/null
  wait "$engine" 2>/dev/null
  engine=
  ip link del "phd$number" 2>/dev/null
  patiently no_groups "playhouse-docker-$number"
  # What a machine that loses its power forgets as well.
  rm -rf "$dir/pid" "$dir/docker.sock" "$dir/exec"
}

while read -r word; do
  halt
  case $word in
    start) start ;;
    stop) echo stopped ;;
  esac
done
halt
cd / && patiently rm -rf "$dir"
