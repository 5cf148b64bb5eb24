#!/usr/bin/env bash
# The password of Kibana's own user, the roles and the user of 晴雨; run in the container `users`, safe to run again.
# Passwords travel on standard input, so that no list of processes shows them.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)

for name in ELASTIC_PASSWORD KIBANA_PASSWORD QINGYU_ES_PASSWORD; do
  if [[ ! ${!name} =~ ^[A-Za-z0-9_-]{12,}$ ]]; then
    echo "$name: 12 characters or more of letters, digits, - and _" >&2
    exit 1
  fi
done

# put PATH: the body is on standard input
put() {
  local body
  body=$(cat)
  curl --silent --show-error --fail-with-body --output /dev/null --cacert "$ELASTIC_CA" --config - <<END
url = "$ELASTIC_URL/$1"
user = "elastic:$ELASTIC_PASSWORD"
request = "PUT"
header = "Content-Type: application/json"
data = "$(printf '%s' "$body" | tr -d '\n' | sed 's/\\/\\\\/g; s/"/\\"/g')"
END
}

put _security/user/kibana_system/_password <<< "{\"password\": \"$KIBANA_PASSWORD\"}"
put _security/role/qingyu < "$here/role-qingyu.json"
put _security/role/qingyu_reader < "$here/role-reader.json"
put _security/user/qingyu <<< "{\"password\": \"$QINGYU_ES_PASSWORD\", \"roles\": [\"qingyu\"], \"full_name\": \"qingyu\"}"
echo "users and roles are set"
