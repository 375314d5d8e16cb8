-- +goose Up

-- The keys that access tokens are signed with. Whoever adds or removes keys takes
-- `lock table signing_keys in share row exclusive mode` first, so that of several
-- replicas one decides.
create table signing_keys (
  kid           text        collate "C" primary key, -- SHA-256 thumbprint of the public key (RFC 7638)
  public_jwk    jsonb       not null,                -- JSON Web Key (RFC 7517)
  sealed_key    bytea       not null,                -- the private key, encrypted with SHOPMESH_IDENTITY_KEY
  create_time   timestamptz not null,                -- published since
  activate_time timestamptz not null,                -- signs since
  retire_time   timestamptz,                         -- signs until; null while none is to follow
  expire_time   timestamptz,                         -- published until: its last token is dead then
  constraint signing_keys_public_jwk_check check (jsonb_typeof(public_jwk) = 'object' and not public_jwk ? 'd'),
  constraint signing_keys_activate_time_check check (activate_time >= create_time),
  constraint signing_keys_retire_time_check check (retire_time >= activate_time),
  constraint signing_keys_expire_time_check check ((expire_time is null) = (retire_time is null) and expire_time >= retire_time)
);

-- +goose Down
drop table signing_keys;
