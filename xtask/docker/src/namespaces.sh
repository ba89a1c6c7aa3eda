# What a private Docker engine runs in. $1: the stage; $2: its directory; $3: its number.
set -e
dir=$2
number=$3

# In a new network namespace: the guard puts the link to the machine into it.
network() {
  link=phe$number
  until ip link show "$link" >/dev/null 2>&1; do sleep 0.02; done
  ip link set lo up
  ip addr add "10.$number.255.2/30" dev "$link"
  ip link set "$link" up
  ip route add default via "10.$number.255.1"
  echo 1 >/proc/sys/net/ipv4/ip_forward
  # The machine reaches containers by their addresses. The engine keeps what it finds in this chain.
  iptables -N DOCKER-USER
  iptables -A DOCKER-USER -i "$link" -j ACCEPT
  # Mounts of the machine are seen here, mounts made here are not seen there.
  exec unshare --mount --pid --fork --kill-child --propagation slave sh "$0" engine "$dir" "$number"
}

# In new mount and process namespaces: the first process, whose end ends all others.
engine() {
  mount -t proc proc /proc
  # The engine writes there, wherever else it is told to write.
  for place in /etc/docker /opt /run/docker; do
    mkdir -p "$place"
    mount -t tmpfs tmpfs "$place"
  done
  echo '{}' >"$dir/daemon.json"
  exec dockerd --config-file "$dir/daemon.json" --data-root "$dir/data" --exec-root "$dir/exec" \
    --pidfile "$dir/pid" --host "unix://$dir/docker.sock" \
    --exec-opt native.cgroupdriver=cgroupfs --cgroup-parent "/playhouse-docker-$number" \
    --bip "10.$number.0.1/24" --default-address-pool "base=10.$number.128.0/17,size=26" \
    --insecure-registry "10.$number.0.0/16"
}

"$1"
