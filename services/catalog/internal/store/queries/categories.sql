-- name: CategoryLockTree :exec
-- Serialises everything that changes the tree; reads and the foreign keys of
-- products go on.
lock table categories in share row exclusive mode;

-- name: CategoryInsert :exec
insert into categories (id, parent_id, name, name_key, description, version, create_time, update_time)
values (@id, sqlc.narg(parent_id), @name, @name_key, @description, @version, @create_time, @update_time);

-- name: CategoryGet :one
select * from categories where id = @id;

-- name: CategoryUpdate :exec
update categories
set parent_id = sqlc.narg(parent_id), name = @name, name_key = @name_key, description = @description,
    version = @version, update_time = @update_time
where id = @id;

-- name: CategoryDelete :exec
delete from categories where id = @id;

-- name: CategoryPath :many
-- The category and all above it, from itself to the top; no row when it is not
-- there. A cycle, which must not be, ends at the depth that no tree has.
with recursive path as (
  select c.id, c.parent_id, 1 as distance from categories c where c.id = @id
  union all
  select c.id, c.parent_id, p.distance + 1 from categories c join path p on c.id = p.parent_id where p.distance < 100
)
select id::uuid as id from path order by distance;

-- name: CategoryHeight :one
-- How many levels the category and all below it span: 1 when it has none below.
with recursive below as (
  select c.id, 1 as level from categories c where c.id = @id
  union all
  select c.id, b.level + 1 from categories c join below b on c.parent_id = b.id where b.level < 100
)
select coalesce(max(level), 0)::int as height from below;

-- name: CategorySubtree :many
-- The category and all below it.
with recursive subtree as (
  select c.id, 1 as level from categories c where c.id = @id
  union all
  select c.id, s.level + 1 from categories c join subtree s on c.parent_id = s.id where s.level < 100
)
select id::uuid as id from subtree;

-- name: CategoryProducts :many
-- What a category holds, archived products last.
select code, status from products where category_id = @id
order by (status = 'ARCHIVED'), code
limit @at_most::int;

-- name: CategoryChildren :many
select name from categories where parent_id = @id::uuid
order by name, id
limit @at_most::int;
