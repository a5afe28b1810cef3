#!/bin/sh
# Runs rsyslog where the official image would run Logstash.
#   ELASTICSEARCH_HOST, ELASTICSEARCH_USER   as in the pipeline of infra/images/logstash
#   /run/secrets/logstash-password           the user's password
set -eu
password=/run/secrets/logstash-password
[ -r "$password" ] || { echo "logstash stand-in: $password must hold the password of $ELASTICSEARCH_USER" >&2; exit 1; }
: "${ELASTICSEARCH_HOST:?must name the host of Elasticsearch}" "${ELASTICSEARCH_USER:?must name a user of Elasticsearch}"
# With an error in its settings, a password with a line break for one, rsyslog would run on and lose lines.
rsyslogd -N1 -iNONE -f /etc/logstash-stand-in.conf >/dev/null || exit 1
echo 'logstash stand-in: rsyslog, not Logstash; listening on 9000' >&2
exec rsyslogd -n -iNONE -f /etc/logstash-stand-in.conf
