-- One role and one database for each service, and one more of both for the sandbox
-- provider's ledger. Run it once, as a superuser:
--
--   psql -v ON_ERROR_STOP=1 \
--     -v catalog_password=… -v config_password=… -v customer_password=… -v identity_password=… -v inventory_password=… \
--     -v notification_password=… -v order_password=… -v payment_password=… -v sandbox_password=… -v storefront_password=… -f deploy/local/databases.sql
--
-- A role may log in and owns its own database, nothing else: the service migrates it
-- when it starts, so it must own its tables. Nobody else may connect to it.

create role shopmesh_catalog login nosuperuser nocreatedb nocreaterole noreplication password :'catalog_password';
create role shopmesh_config login nosuperuser nocreatedb nocreaterole noreplication password :'config_password';
create role shopmesh_customer login nosuperuser nocreatedb nocreaterole noreplication password :'customer_password';
create role shopmesh_identity login nosuperuser nocreatedb nocreaterole noreplication password :'identity_password';
create role shopmesh_inventory login nosuperuser nocreatedb nocreaterole noreplication password :'inventory_password';
create role shopmesh_notification login nosuperuser nocreatedb nocreaterole noreplication password :'notification_password';
create role shopmesh_order login nosuperuser nocreatedb nocreaterole noreplication password :'order_password';
create role shopmesh_payment login nosuperuser nocreatedb nocreaterole noreplication password :'payment_password';
create role shopmesh_sandbox login nosuperuser nocreatedb nocreaterole noreplication password :'sandbox_password';
create role shopmesh_storefront login nosuperuser nocreatedb nocreaterole noreplication password :'storefront_password';

create database shopmesh_catalog owner shopmesh_catalog;
create database shopmesh_config owner shopmesh_config;
create database shopmesh_customer owner shopmesh_customer;
create database shopmesh_identity owner shopmesh_identity;
create database shopmesh_inventory owner shopmesh_inventory;
create database shopmesh_notification owner shopmesh_notification;
create database shopmesh_order owner shopmesh_order;
create database shopmesh_payment owner shopmesh_payment;
create database shopmesh_sandbox owner shopmesh_sandbox;
create database shopmesh_storefront owner shopmesh_storefront;

revoke all on database shopmesh_catalog from public;
revoke all on database shopmesh_config from public;
revoke all on database shopmesh_customer from public;
revoke all on database shopmesh_identity from public;
revoke all on database shopmesh_inventory from public;
revoke all on database shopmesh_notification from public;
revoke all on database shopmesh_order from public;
revoke all on database shopmesh_payment from public;
revoke all on database shopmesh_sandbox from public;
revoke all on database shopmesh_storefront from public;
