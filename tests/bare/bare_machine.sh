#!/usr/bin/env bash
# The README's two commands on a Debian 12 that holds nothing but git and the clone: bootstrapped into a folder, entered by chroot with
# an empty environment. Says how long each took. Needs root, debootstrap and the network; takes its time.
#
#   tests/bare/bare_machine.sh [--keep] [SUBCOMMAND...]     of ./dev; `demo test` if none is named
#
# What is committed in this clone is what runs. Everything happens in a mount and process namespace of its own: whatever ends this script,
# no mount and no process stays behind. --keep leaves the folder for a look; DEBIAN_MIRROR names another mirror.
set -euo pipefail

readonly mirror=${DEBIAN_MIRROR:-http://deb.debian.org/debian}
readonly security=${DEBIAN_SECURITY_MIRROR:-http://deb.debian.org/debian-security}
readonly passed_on=(http_proxy https_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY)

say() { printf 'bare: %s\n' "$*" >&2; }

die() {
    say "$*"
    exit 1
}

spent() {  # SECONDS
    printf '%d min %02d s' $(($1 / 60)) $(($1 % 60))
}

# --- inside the namespaces ------------------------------------------------------------------------------------------------

bootstrap() {  # ROOT TREE
    local root=$1 tree=$2
    debootstrap --variant=minbase --include=git,ca-certificates bookworm "$root" "$mirror" >"$root.log" 2>&1 ||
        { tail -n 20 "$root.log" >&2; die "debootstrap failed"; }
    cat >"$root/etc/apt/sources.list" <<LIST
deb $mirror bookworm main
deb $mirror bookworm-updates main
deb $security bookworm-security main
LIST
    cp -L /etc/resolv.conf "$root/etc/resolv.conf"
    git -c safe.directory='*' clone --quiet --no-hardlinks "$tree" "$root/root/handover"
    # A certificate authority that this machine has to trust to get out at all.
    if [[ -r ${NODE_EXTRA_CA_CERTS:-} ]]; then cp -L "$NODE_EXTRA_CA_CERTS" "$root/etc/ssl/extra-ca.pem"; fi
}

enter() {  # ROOT COMMAND...: in the clone, with an environment as after a login
    local root=$1 name environment=(HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin)
    shift
    for name in "${passed_on[@]}"; do
        if [[ -n ${!name:-} ]]; then environment+=("$name=${!name}"); fi
    done
    if [[ -e $root/etc/ssl/extra-ca.pem ]]; then environment+=(NODE_EXTRA_CA_CERTS=/etc/ssl/extra-ca.pem); fi
    chroot "$root" env -i "${environment[@]}" sh -c 'cd /root/handover && exec "$@"' sh "$@" </dev/null
}

inside() {  # ROOT TREE SUBCOMMAND...
    local root=$1 tree=$2 subcommand began status=0 times=()
    shift 2
    began=$SECONDS
    bootstrap "$root" "$tree"
    times+=("bootstrap: $(spent $((SECONDS - began)))")
    mount -t proc proc "$root/proc"
    mount --rbind /dev "$root/dev"
    for subcommand in "$@"; do
        say "./dev $subcommand"
        began=$SECONDS
        enter "$root" ./dev "$subcommand" || status=$?
        times+=("./dev $subcommand: $(spent $((SECONDS - began)))")
        if ((status)); then
            times+=("./dev $subcommand ended with status $status")
            break
        fi
    done
    say "on $(nproc) processors, $(enter "$root" git rev-parse --short HEAD):"
    for line in "${times[@]}"; do say "  $line"; done
    return "$status"
}

# --- outside ------------------------------------------------------------------------------------------------------------------

folder=
keep=0
forget() {
    # Nothing is mounted below it here: the mounts belong to the namespace, which is gone.
    if [[ -n $folder ]] && ((!keep)); then rm -rf --one-file-system "$folder"; fi
}

outside() {
    if [[ ${1:-} == --keep ]]; then
        keep=1
        shift
    fi
    ((EUID == 0)) || die "root is needed: for debootstrap, mount and chroot"
    command -v debootstrap >/dev/null || die "debootstrap is missing: apt-get install debootstrap"
    local tree script
    tree=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
    script=$(readlink -f "${BASH_SOURCE[0]}")
    folder=$(mktemp -d "${TMPDIR:-/tmp}/handover-bare-XXXXXX")
    trap forget EXIT
    trap 'exit 129' HUP
    trap 'exit 130' INT
    trap 'exit 143' TERM
    if ((keep)); then say "the machine is $folder/root"; fi
    mkdir "$folder/root"
    # In the background and waited for: a signal then ends this shell at once. unshare itself waits through SIGTERM; with SIGKILL it takes
    # the whole process namespace along.
    unshare --mount --propagation private --pid --fork --kill-child "$script" --inside "$folder/root" "$tree" "${@:-}" &
    local child=$! status=0
    trap 'kill -KILL "$child" 2>/dev/null || true; wait "$child" 2>/dev/null || true; forget' EXIT
    wait "$child" || status=$?
    trap forget EXIT
    return "$status"
}

if [[ ${1:-} == --inside ]]; then
    shift
    root=$1 tree=$2
    shift 2
    if [[ -z ${1:-} ]]; then set -- demo test; fi
    inside "$root" "$tree" "$@"
else
    outside "$@"
fi
