#!/usr/bin/env bash
# The image: built from a clean clone, kept small, and used as it would be run: as another user, on a read-only root, without a
# network, ended by SIGTERM. Needs root (buildah without user namespaces), and the package registries for the build. Takes a few minutes.
set -euo pipefail
cd "$(dirname "$0")/.."

most_megabytes=400
base=docker.io/library/debian:trixie-slim
export STORAGE_DRIVER=vfs BUILDAH_ISOLATION=chroot
folder=$(mktemp -d)
container=
# shellcheck disable=SC2329 # the trap calls it
clean_up() {
    [ -z "$container" ] || buildah rm "$container" >/dev/null
    ! buildah inspect --type image playground-ci >/dev/null 2>&1 || buildah rmi playground-ci >/dev/null
    rm -rf "$folder"
}
trap clean_up EXIT

if ! command -v buildah >/dev/null || ! command -v mmdebstrap >/dev/null; then
    echo "== Programs that build images"
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends buildah mmdebstrap >/dev/null
fi

if ! buildah inspect --type image "$base" >/dev/null 2>&1; then
    echo "== A Debian to build on, as its slim image is: without documentation and translations"
    mmdebstrap --quiet --variant=minbase --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
        --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-include=/usr/share/doc/*/copyright' \
        --customize-hook='rm -rf "$1"/var/lib/apt/lists/* "$1"/var/cache/apt/*' trixie "$folder/root.tar"
    container=$(buildah from scratch)
    buildah add -q "$container" "$folder/root.tar" /
    buildah commit -q "$container" "$base" >/dev/null
    buildah rm "$container" >/dev/null
    container=
fi

echo "== The image"
# How this machine reaches the registries is for the build only: it is mounted and never written into a layer. Its certificates are
# mounted beside those of the image, which the image's own package writes.
certificates=/etc/ssl/certs/ca-certificates.crt
mounts=(--volume "$certificates:/etc/machine-certificates.crt:ro")
for path in /etc/pip.conf /etc/xdg/pip /root/.config/pip; do
    [ -e "$path" ] || continue
    mkdir -p "$(dirname "$folder/machine$path")"
    cp -r "$path" "$folder/machine$path"
    find "$folder/machine$path" -type f -exec sed -i "s#$certificates#/etc/machine-certificates.crt#" {} +
    mounts+=(--volume "$folder/machine$path:$path:ro")
done
# The Node of the build trusts no certificates of the machine by itself.
{ grep -v "^cafile=" /root/.npmrc 2>/dev/null || true; echo "cafile=/etc/machine-certificates.crt"; } >"$folder/npmrc"
mounts+=(--volume "$folder/npmrc:/root/.npmrc:ro")
[ ! -d /opt/wheels ] || mounts+=(--volume /opt/wheels:/opt/wheels:ro)
git clone -q . "$folder/clone"
if ! buildah build --pull=never --format=docker "${mounts[@]}" --tag playground-ci --file "$folder/clone/deploy/Dockerfile" \
    "$folder/clone" >"$folder/build.log" 2>&1; then
    tail -50 "$folder/build.log"
    exit 1
fi
container=$(buildah from --pull=never playground-ci)
root=$(buildah mount "$container")
megabytes=$(du --summarize --apparent-size --block-size=MB "$root" | grep -oE "^[0-9]+")
echo "It takes $megabytes MB."
[ "$megabytes" -lt "$most_megabytes" ] || { echo "That is too much: $most_megabytes MB is the limit."; exit 1; }

echo "== Used on a read-only root, by its own user, without a network"
buildah inspect --type image playground-ci >"$folder/image.json"
mkdir "$folder/data" "$folder/scripts"
cp .ci/use_image.py .ci/use_wheel.py "$folder/image.json" "$folder/scripts"
chmod -R a+rX "$folder/scripts"
chmod 755 "$folder"
chown 10001:10001 "$folder/data"
unshare --mount --net --pid --fork --kill-child "$BASH" -euc '
    ip link set lo up
    mount --bind "$1" "$1"
    mount --bind "$2/data" "$1/data"
    mount -t tmpfs -o mode=1777 tmpfs "$1/tmp"
    mkdir "$1/tmp/scripts"
    mount --bind "$2/scripts" "$1/tmp/scripts"
    mount -t proc proc "$1/proc"
    mount --rbind /dev "$1/dev"
    mount -o remount,bind,ro "$1"
    exec chroot --userspec=10001:10001 "$1" /usr/bin/python3 -B /tmp/scripts/use_image.py /tmp/scripts/image.json
' use "$root" "$folder"
buildah umount "$container" >/dev/null
