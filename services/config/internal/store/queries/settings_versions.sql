-- name: SettingsVersionsLock :exec
-- Writers take turns, because a rule may compare the settings of several contexts.
-- Readers go on.
lock table settings_versions in share row exclusive mode;

-- name: SettingsVersionsNewest :many
select distinct on (context) * from settings_versions order by context, version desc;

-- name: SettingsVersionGet :one
select * from settings_versions where context = @context and version = @version;

-- name: SettingsVersionInsert :exec
insert into settings_versions (context, version, id, value, actor, changed_paths, restored_version, create_time)
values (@context, @version, @id, @value, @actor, @changed_paths, @restored_version, @create_time);

-- name: SettingsVersionCurrent :one
select * from settings_versions where context = @context order by version desc limit 1;

-- name: SettingsVersionsCount :one
select count(*) from settings_versions;
