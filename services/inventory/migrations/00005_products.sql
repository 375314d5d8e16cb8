-- +goose Up

-- What inventory keeps of the catalog's products: whether they are sold. A product
-- without a row counts as sold, until its next ProductChanged. A table of its own,
-- because orders lock the rows of stock. Locked before all others, by product_id.
create table products (
  product_id uuid     primary key,
  status     smallint not null check (status between 1 and 3), -- shopmesh.catalog.v1.ProductStatus
  version    bigint   not null                                 -- the product's, so that an older event changes nothing
);

-- +goose Down
drop table products;
