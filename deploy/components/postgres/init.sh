# Run once, on the empty data folder: a role and a database for each service, from deploy/local/databases.sql. The
# passwords come from the Secret postgres, a file for each role.
# First the superuser's password goes, which the image wants one of: what signs in as that role does so in the pod, by
# the socket.
# (The image reads this file as a part of its own script, whose arguments are others.)
set -e
psql -v ON_ERROR_STOP=1 --no-psqlrc -q -U "$POSTGRES_USER" -c "alter role \"$POSTGRES_USER\" password null"
set --
for role in catalog config customer identity inventory notification order payment sandbox storefront; do
  set -- "$@" -v "${role}_password=$(cat "/etc/shopmesh/passwords/$role")"
done
psql -v ON_ERROR_STOP=1 --no-psqlrc -q -U "$POSTGRES_USER" "$@" -f /etc/shopmesh/databases/databases.sql
