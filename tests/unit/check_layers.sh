#!/usr/bin/env bash
# check_layers.sh [ROOT]: who includes what, against the tables below, which
# say what architecture.md says: arrows between folders point one way, and
# each library is touched only where the table of libraries has it.  Tests are
# exempt.  `check_layers.sh --self-test` shows that it notices.
set -eu
export LC_ALL=C

# LIBRARY'S HEADER (a pattern of case)       PLACES (beginnings of paths)
libraries() {
  cat <<'TABLE'
zmq*.h|czmq*.h|agent/uplink/uplink agent/uplink/enrol collector/intake/ collector/control/ collector/cli/ctl_client
protobuf-c/*|*.pb-c.h|proto/
lmdb.h|agent/uplink/spool collector/store/store
curl/*|common/curl_loop common/webhook_post agent/probe/ agent/page/ collector/alert/ collector/mailbox/
openssl/*|common/digest.c agent/probe/tls_ agent/probe/cert agent/probe/http_ agent/probe/ossl.h
ldns/*|common/dns_expect
uv.h|uv/*|common/loop.c
yaml.h|common/conf
zstd*.h|common/pack.c
jansson*.h|collector/query/ collector/cli/ collector/control/ collector/care/ collector/store/import collector/web/ agent/page/browser agent/page/cdp
pcre2*.h|common/pattern.c agent/audit/
libpsl.h|common/domain.c agent/page/ agent/audit/
seccomp.h|agent/confine/confine_filter.c
linux/landlock.h|agent/confine/confine_paths.c
gumbo*.h|agent/page/html_tree.c
microhttpd.h|collector/web/
cmocka*.h|cm.h|tests/
TABLE
}

# FOLDER: whose headers of ours it may include.  The first that fits counts.
folders() {
  cat <<'TABLE'
common/|common/
proto/|proto/ common/
agent/|agent/ proto/wire.h common/
collector/cli/|collector/ agent/probe/ agent/audit/ agent/page/ proto/wire.h common/
collector/|collector/ proto/wire.h common/
TABLE
}

complain() {
  echo "$1" >&2
  bad=1
}

begins_with_one_of() { # TEXT BEGINNING...
  local text=$1 beginning
  shift
  for beginning; do
    case $text in "$beginning"*) return 0 ;; esac
  done
  return 1
}

# What a line of the table of libraries says of one include.
check_library() { # FILE:LINE FILE HEADER
  local row places pattern
  for row in "${library_rows[@]}"; do
    places=${row##*|}
    IFS='|' read -ra patterns <<<"${row%|*}"
    for pattern in "${patterns[@]}"; do
      # shellcheck disable=SC2053  # a pattern it is
      [[ $3 == $pattern ]] || continue
      # shellcheck disable=SC2086  # words they are
      begins_with_one_of "$2" $places ||
        complain "$1: <$3> belongs to: $places"
      return 0
    done
  done
}

# What the table of folders says of one include of a header of ours.
check_folder() { # FILE:LINE FILE HEADER
  local row allowed candidate found=
  for row in "${folder_rows[@]}"; do
    case $2 in "${row%%|*}"*) allowed=${row#*|}; break ;; esac
  done
  [ -f "${2%/*}/$3" ] && return 0
  for candidate in ${headers[${3##*/}]:-}; do
    found=$candidate
    # shellcheck disable=SC2086
    begins_with_one_of "$candidate" $allowed && return 0
  done
  [ -z "$found" ] || complain "$1: \"$3\" is $found, and ${2%%/*}/ may include only: $allowed"
}

check_tree() { # ROOT
  local at file line text header
  cd "$1"
  bad=0
  count=0
  declare -gA headers=()
  mapfile -t library_rows < <(libraries)
  mapfile -t folder_rows < <(folders)
  while read -r file; do
    headers[${file##*/}]+=" $file"
  done < <(find agent collector common proto -name '*.h' | sort)
  while IFS=: read -r file line text; do
    at=$file:$line
    count=$((count + 1))
    [[ $text =~ ^[[:space:]]*\#[[:space:]]*include[[:space:]]*([\<\"])([^\>\"]+) ]] || continue
    header=${BASH_REMATCH[2]}
    check_library "$at" "$file" "$header"
    [ "${BASH_REMATCH[1]}" = '<' ] || check_folder "$at" "$file" "$header"
  done < <(grep -rnE --include='*.[ch]' '^[[:space:]]*#[[:space:]]*include' agent collector common proto)
  if [ "$count" -eq 0 ]; then
    complain "$1: no includes found: is this the right folder?"
  fi
  return "$bad"
}

# Plants one wrong include after the other, and one right one.
self_test() {
  local expected found file text
  top=$(mktemp -d)
  trap 'rm -rf "$top"' EXIT
  while IFS='|' read -r expected file text; do
    rm -rf "${top:?}"/*
    mkdir -p "$top"/{common,proto,agent/probe,agent/uplink,collector/{store,cli,query}}
    touch "$top"/{common/buf.h,proto/wire.h,proto/wire_part.h,agent/probe/probe.h,collector/store/store.h}
    printf '#include "buf.h"\n' >"$top/common/buf.c"
    printf '#include %s\n' "$text" >"$top/$file"
    if (check_tree "$top") 2>/dev/null; then found=good; else found=bad; fi
    if [ "$found" != "$expected" ]; then
      echo "$file: #include $text is called $found" >&2
      exit 1
    fi
  done <<'TABLE'
good|agent/uplink/uplink.c|<zmq.h>
bad|agent/uplink/session.c|<zmq.h>
good|proto/wire.c|<leadline.pb-c.h>
bad|collector/query/sla.c|"leadline.pb-c.h"
bad|common/buf.c|<protobuf-c/protobuf-c.h>
bad|collector/query/sla.c|  <lmdb.h>
bad|agent/probe/dial.c|<openssl/ssl.h>
bad|common/log.c|<uv.h>
bad|agent/probe/dial.c|<cmocka.h>
good|agent/probe/dial.c|"probe.h"
good|agent/probe/dial.c|"buf.h"
bad|agent/probe/dial.c|"store.h"
bad|collector/query/sla.c|"probe.h"
good|collector/cli/probe.c|"probe.h"
good|collector/cli/status.c|"store.h"
bad|common/log.c|"wire.h"
bad|proto/wire.c|"probe.h"
good|collector/query/sla.c|"wire.h"
bad|collector/query/sla.c|"wire_part.h"
TABLE
}

if [ "${1:-}" = --self-test ]; then
  self_test
else
  check_tree "${1:-$(dirname "$0")/../..}"
fi
