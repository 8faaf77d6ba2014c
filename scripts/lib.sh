# shellcheck shell=bash
# What the scripts share: packages, builds, a private PostgreSQL, the schema. Sourced, never run.

set -euo pipefail
shopt -s inherit_errexit

project=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
readonly project

say() { printf '%s\n' "$*" >&2; }
die() {
    say "error: $*"
    exit 1
}

# --- packages -------------------------------------------------------------------------------------

server_binaries() {
    # Folders that may hold PostgreSQL's server, the newest version first.
    find /usr/lib/postgresql -mindepth 2 -maxdepth 2 -name bin 2>/dev/null | sort -rV
    pg_config --bindir 2>/dev/null || true
}

postgres_bin() {
    # Debian keeps the server's programs out of the PATH.
    local folder
    while read -r folder; do
        if [[ -x $folder/initdb && -x $folder/pg_ctl ]]; then
            printf '%s\n' "$folder"
            return
        fi
    done < <(server_binaries)
    return 1
}

has_venv() { python3 -c 'import venv, ensurepip' 2>/dev/null; }
# Swift's runtime is linked with GCC's C++ library; its headers tell whether it is there.
has_cxx_headers() { compgen -G '/usr/include/c++/*/vector' >/dev/null; }
has_certificates() { [[ -e /etc/ssl/certs/ca-certificates.crt || ! -e /etc/debian_version ]]; }

missing_packages() {
    # Prints what is missing by asking for the thing itself: a package may have come another way.
    command -v git >/dev/null || echo git
    command -v python3 >/dev/null || echo python3
    has_certificates || echo ca-certificates
    command -v pkg-config >/dev/null || echo pkg-config
    pkg-config --exists libpq 2>/dev/null || echo libpq-dev
    pkg-config --exists zlib 2>/dev/null || echo zlib1g-dev
    pkg-config --exists libzstd 2>/dev/null || echo libzstd-dev
    has_cxx_headers || echo g++
    if [[ $1 == package || $1 == tests ]]; then
        command -v dh >/dev/null || echo debhelper
        command -v lintian >/dev/null || echo lintian
        command -v cpio >/dev/null || echo cpio
    fi
    if [[ $1 == demo || $1 == tests || $1 == bench ]]; then
        postgres_bin >/dev/null || echo postgresql-15
        command -v psql >/dev/null || echo postgresql-client-15
    fi
    if [[ $1 == tests || $1 == bench ]]; then
        has_venv || echo python3-venv
    fi
    if [[ $1 == bench ]]; then
        command -v cc >/dev/null || echo gcc
        # Without it there are no profiles.
        command -v perf >/dev/null || echo linux-perf
    fi
    if [[ $1 == tests ]]; then
        command -v shellcheck >/dev/null || echo shellcheck
        command -v valgrind >/dev/null || echo valgrind
        command -v zstd >/dev/null || echo zstd
        command -v man >/dev/null || echo man-db
        # Without it the tests under real systemd are skipped.
        if ((EUID == 0)); then
            command -v systemd-nspawn >/dev/null || echo systemd-container
        fi
    fi
}

install_packages() {
    # PostgreSQL's package makes a cluster and starts it; we need its programs only, and nobody
    # asked for a server. The setting stands only while the packages are installed.
    local settings=/etc/postgresql-common/createcluster.d
    local setting=$settings/sluice-install.conf status=0
    mkdir -p "$settings"
    echo 'create_main_cluster = false' >"$setting"
    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends "$@" >/dev/null; } || status=$?
    rm -f "$setting"
    return "$status"
}

require_packages() {
    # require_packages build|demo|package|tests|bench: installs what is missing, or says what to install.
    command -v swift >/dev/null ||
        die "there is no swift in the PATH; install Swift 6.3 or later: https://swift.org/install"
    local missing
    mapfile -t missing < <(missing_packages "$1")
    if ((${#missing[@]} == 0)); then return; fi
    if ((EUID != 0)) || ! command -v apt-get >/dev/null; then
        die "missing packages; install them and try again: sudo apt-get install ${missing[*]}"
    fi
    say "installing ${missing[*]}"
    install_packages "${missing[@]}" || die "apt-get could not install ${missing[*]}"
}

# --- Python, for the end-to-end tests and the benchmarks -------------------------------------------

environment=$project/.run/venv

make_environment() {
    # make_environment REQUIREMENTS: in the folder $environment.
    local wanted=$1
    if cmp -s "$wanted" "$environment/requirements.txt"; then return; fi
    rm -rf "$environment"
    python3 -m venv "$environment" &&
        "$environment/bin/pip" install --quiet --use-pep517 --requirement "$wanted" &&
        cp "$wanted" "$environment/requirements.txt"
}

# --- a private PostgreSQL -------------------------------------------------------------------------
# It lives in one folder and listens on a socket in another: no port, no one else's database.

as_postgres() {
    # PostgreSQL refuses to run as root.
    if ((EUID == 0)); then
        (cd / && exec setpriv --reuid=postgres --regid=postgres --init-groups "$@")
    else
        "$@"
    fi
}

private_folder() {
    # private_folder PREFIX: a new folder that the server's user can use, PREFIX.XXXXXX if that can
    # be. A checkout below /root cannot be reached by postgres, a socket's path may have 107 bytes,
    # and blanks and quotes in it mean something to connection strings and settings.
    local folder
    mkdir -p "$(dirname "$1")"
    folder=$(new_folder "$1.XXXXXX")
    if ((${#folder} > 80)) || [[ ! $folder =~ ^[A-Za-z0-9/._-]+$ ]] || ! as_postgres test -w "$folder" 2>/dev/null; then
        rmdir "$folder"
        folder=$(new_folder /tmp/sluice-postgres.XXXXXX)
    fi
    printf '%s\n' "$folder"
}

new_folder() {
    local folder
    folder=$(mktemp -d "$1")
    if ((EUID == 0)); then chown postgres: "$folder"; fi
    printf '%s\n' "$folder"
}

remove_leftovers() {
    # remove_leftovers PREFIX: servers of a run that was killed before it could clean up. Only for
    # who holds the lock that keeps other runs away.
    local folder
    for folder in "$1".*; do
        if [[ -d $folder ]]; then remove_server "$folder"; fi
    done
}

server_settings() {
    # server_settings FOLDER: what postgresql.conf gets on top of initdb's.
    cat <<END
listen_addresses = ''
unix_socket_directories = '$1'
max_connections = 40
log_line_prefix = '%m [%p] %q%u@%d '
END
    if [[ -e $("$(postgres_bin)/pg_config" --pkglibdir)/timescaledb.so ]]; then
        cat <<END
shared_preload_libraries = 'timescaledb'
timescaledb.telemetry_level = off
END
    fi
}

create_server() {
    # create_server PREFIX [SETTING…]: makes and starts a server, prints its folder.
    # Ctrl-C waits the second that this takes: half a server would have no owner.
    local folder bin
    trap '' INT
    bin=$(postgres_bin)
    folder=$(private_folder "$1")
    shift
    # A session of its own: initdb listens to ctrl-C whatever this shell does.
    as_postgres setsid --wait "$bin/initdb" --pgdata="$folder/data" --auth=trust \
        --username=postgres --encoding=UTF8 --no-locale --no-sync >/dev/null || {
        rm -rf "$folder"
        return 1
    }
    { server_settings "$folder" && printf '%s\n' "$@"; } |
        as_postgres tee -a "$folder/data/postgresql.conf" >/dev/null
    start_server "$folder" || {
        remove_server "$folder"
        return 1
    }
    printf '%s\n' "$folder"
}

start_server() {
    # pg_ctl puts the server into a session of its own: ctrl-C in the terminal does not reach it.
    # Descriptor 9 is a script's lock, which ends with the script and not with the server.
    as_postgres "$(postgres_bin)/pg_ctl" start --pgdata="$1/data" --log="$1/log" \
        --wait --timeout=60 >/dev/null 9>&- || {
        tail -n 20 "$1/log" >&2 || true
        return 1
    }
}

stop_server() {
    # stop_server FOLDER [fast|immediate]
    if [[ ! -e $1/data/postmaster.pid ]]; then return; fi
    as_postgres "$(postgres_bin)/pg_ctl" stop --pgdata="$1/data" --mode="${2:-fast}" \
        --wait --timeout=60 >/dev/null
}

remove_server() {
    stop_server "$1" immediate || true
    rm -rf "$1"
}

apply_schema() {
    # apply_schema CONNINFO
    local file
    for file in "$project"/schema/[0-9]*.sql; do
        PGOPTIONS='-c client_min_messages=warning' \
            psql -X -q -v ON_ERROR_STOP=1 -d "$1" -f "$file" >/dev/null
    done
}

# --- the daemon -----------------------------------------------------------------------------------

build_daemon() {
    # build_daemon OPTION…: prints the binary's path.
    (cd "$project" && swift build --product sluice "$@" >&2) || return
    printf '%s/sluice\n' "$(cd "$project" && swift build "$@" --show-bin-path)"
}

udp_port_is_taken() {
    local local_address
    local_address=$(printf '^ *[0-9]*: [0-9A-F]*:%04X ' "$1")
    cat /proc/net/udp /proc/net/udp6 2>/dev/null | grep -q "$local_address"
}

free_udp_port() {
    # A port on which nobody listens now; below the range that the kernel hands out by itself.
    local port
    for _ in {1..100}; do
        port=$((20000 + RANDOM % 12000))
        if ! udp_port_is_taken "$port"; then
            printf '%s\n' "$port"
            return
        fi
    done
    die "no free UDP port was found"
}

stop_process() {
    # stop_process PID: asks, waits, and kills what does not go within 30 seconds.
    local pid=$1
    kill -TERM "$pid" 2>/dev/null || return 0
    for _ in {1..300}; do
        kill -0 "$pid" 2>/dev/null || return 0
        sleep 0.1
    done
    say "process $pid does not stop; killing it"
    kill -KILL "$pid" 2>/dev/null || true
}

# --- the binary that is installed -----------------------------------------------------------------

build_installable() {
    # build_installable stripped|symbols: runs without Swift on the machine: its runtime is linked in,
    # without what nothing calls, and as it is installed without symbols. Prints the binary's path.
    local strip=()
    if [[ $1 == stripped ]]; then strip=(-Xlinker -s); fi
    build_daemon --configuration release --scratch-path "$project/.build-install" \
        --static-swift-stdlib --disable-local-rpath -Xswiftc -gnone \
        -Xswiftc -Xclang-linker -Xswiftc -fuse-ld=lld \
        -Xlinker --gc-sections -Xlinker --icf=all -Xlinker --no-export-dynamic \
        -Xlinker -z -Xlinker now "${strip[@]}"
}

installed_files() {
    # installed_files PREFIX: every file that scripts/install puts below PREFIX, as
    # MODE SOURCE DESTINATION on a line. Sources in @… are made by scripts/manual. What systemd
    # reads goes where it looks, also when PREFIX is not one of these places.
    local prefix=$1 file lib=/usr/local/lib
    if [[ $prefix == /usr ]]; then lib=/usr/lib; fi
    cat <<END
0755 @binary $prefix/bin/sluice
0644 systemd/sluice.service $lib/systemd/system/sluice.service
0644 systemd/sluice.socket $lib/systemd/system/sluice.socket
0644 systemd/sluice.preset $lib/systemd/system-preset/50-sluice.preset
0644 systemd/sluice.sysusers.conf $lib/sysusers.d/sluice.conf
0644 systemd/sluice.tmpfiles.conf $lib/tmpfiles.d/sluice.conf
0644 systemd/sluice.sysctl.conf $lib/sysctl.d/10-sluice.conf
0644 @sluice.catalog $lib/systemd/catalog/sluice.catalog
0644 @man/man1/sluice.1 $prefix/share/man/man1/sluice.1
0644 @man/man5/sluice.toml.5 $prefix/share/man/man5/sluice.toml.5
0644 @man/man8/sluice.service.8 $prefix/share/man/man8/sluice.service.8
0644 README.md $prefix/share/doc/sluice/README.md
0644 systemd/sluice.toml $prefix/share/doc/sluice/examples/sluice.toml
END
    for file in systemd/examples/* docs/*.md schema/*.sql schema/*/*.sql docs/performance/*.svg; do
        case $file in
            systemd/*) printf '0644 %s %s\n' "$file" "$prefix/share/doc/sluice/examples/${file##*/}" ;;
            docs/*) printf '0644 %s %s\n' "$file" "$prefix/share/doc/sluice/${file#docs/}" ;;
            schema/*) printf '0644 %s %s\n' "$file" "$prefix/share/sluice/$file" ;;
        esac
    done
}
