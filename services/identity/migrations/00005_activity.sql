-- +goose Up

-- The activity log of the shop: who changed what, and who was refused. An entry holds ids and
-- names of fields, and nothing of a person; it is neither changed, nor deleted before 400 days
-- are over, which the triggers below hold to.
create table activities (
  id                    uuid        primary key,
  create_time           timestamptz not null,
  actor_kind            smallint    not null, -- shopmesh.activity.v1.ActorKind
  actor_id              text        collate "C" not null,
  credential            smallint    not null, -- shopmesh.activity.v1.Credential
  credential_id         text        collate "C" not null,
  behalf_kind           smallint    not null, -- on whose behalf; 0: the actor's own
  behalf_id             text        collate "C" not null,
  behalf_credential     smallint    not null,
  behalf_credential_id  text        collate "C" not null,
  rpc                   text        collate "C" not null,
  resource              text        collate "C" not null, -- collection/id; empty where it is not known
  outcome               smallint    not null, -- shopmesh.activity.v1.Outcome
  reason                text        collate "C" not null,
  call_count            int         not null,
  paths                 jsonb       not null, -- of the changed fields, and whether each is redacted
  omitted_changes       int         not null,
  trace_id              text        collate "C" not null,
  constraint activities_paths_check check (jsonb_typeof(paths) = 'array')
);
create index activities_by_create_time on activities (create_time, id);
create index activities_by_actor on activities (actor_id, create_time, id);
create index activities_by_resource on activities (resource, create_time, id);

-- What an erasure deletes: the old and new values of an entry, and where its call came from.
create table activity_values (
  id          uuid        primary key,
  create_time timestamptz not null,
  changes     jsonb       not null, -- [[old, new], …], in the order of paths
  constraint activity_values_changes_check check (jsonb_typeof(changes) = 'array')
);
create index activity_values_by_create_time on activity_values (create_time);

-- Kept for 90 days.
create table activity_addresses (
  id          uuid        primary key,
  create_time timestamptz not null,
  prefix      text        collate "C" not null
);
create index activity_addresses_by_create_time on activity_addresses (create_time);

-- +goose StatementBegin
create function keep_activities() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' and tg_level = 'ROW' then
    if old.create_time < now() - interval '400 days' then
      return old;
    end if;
  end if;
  raise exception 'the activity log is kept: % of % is refused', lower(tg_op), tg_table_name using errcode = 'restrict_violation';
end
$$;
-- +goose StatementEnd
create trigger activities_keep before update or delete on activities for each row execute function keep_activities();
create trigger activities_keep_all before truncate on activities for each statement execute function keep_activities();
create trigger activity_values_keep before update on activity_values for each row execute function keep_activities();
create trigger activity_addresses_keep before update on activity_addresses for each row execute function keep_activities();

-- +goose Down
drop table activity_addresses;
drop table activity_values;
drop table activities;
drop function keep_activities();
