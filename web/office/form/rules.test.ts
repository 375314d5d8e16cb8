import { CreateCategoryRequestSchema } from "@shopmesh/api/shopmesh/catalog/v1/category_service_pb";
import { CreateProductRequestSchema } from "@shopmesh/api/shopmesh/catalog/v1/product_service_pb";
import { SignInRequestSchema } from "@shopmesh/api/shopmesh/identity/v1/account_service_pb";
import { CreateApiKeyRequestSchema } from "@shopmesh/api/shopmesh/identity/v1/staff_service_pb";
import { SettingsSchema as InventorySettingsSchema } from "@shopmesh/api/shopmesh/inventory/v1/settings_pb";
import { CancelOrderRequestSchema, UpdateOrderRequestSchema } from "@shopmesh/api/shopmesh/order/v1/order_service_pb";
import { PaymentLimitSchema, SettingsSchema as OrderSettingsSchema } from "@shopmesh/api/shopmesh/order/v1/settings_pb";
import assert from "node:assert/strict";
import test from "node:test";
import { boundsOf, rulesOf } from "./rules";

test("what a field requires, and how long it may be, is the contract's", () => {
  for (const [message, path, rules] of [
    [CancelOrderRequestSchema, "reason", { required: false, max: 500 }],
    [CreateProductRequestSchema, "product.code", { required: true, max: 64 }],
    [CreateProductRequestSchema, "product.description", { required: false, max: 10_000 }],
    [CreateCategoryRequestSchema, "category.name", { required: true, max: 200 }],
    [UpdateOrderRequestSchema, "order.contact.first_name", { required: true, max: 100 }],
    [UpdateOrderRequestSchema, "order.shipment.carrier", { required: false, max: 100 }],
    [CreateApiKeyRequestSchema, "expire_time", { required: true }],
    [SignInRequestSchema, "email", { required: true, max: 1016 }], // stated in bytes
    [CreateProductRequestSchema, "product.images", { required: false }],
  ] as const) assert.deepEqual(rulesOf(message, path), rules, path);
});

test("what is no field of the contract has no rules", () => {
  for (const path of ["tracking_codes", "reason.of_somebody", ""]) assert.deepEqual(rulesOf(CancelOrderRequestSchema, path), { required: false });
});

test("from what to what a number and a length of time go, is the contract's", () => {
  for (const [message, name, bounds] of [
    [OrderSettingsSchema, "max_unpaid_orders", { least: 1, most: 10_000 }],
    [InventorySettingsSchema, "low_stock_threshold", { least: 0, most: 1_000_000_000 }], // of 64 bits
    [OrderSettingsSchema, "payment_window", { least: 1, most: 2_592_000 }],
    [InventorySettingsSchema, "level_interval", { least: 0.1, most: 60 }],
    [PaymentLimitSchema, "smallest", { least: 0 }],
    [PaymentLimitSchema, "currency", {}],
  ] as const) {
    const field = message.fields.find((one) => one.name === name);
    assert.ok(field);
    assert.deepEqual(boundsOf(field), bounds, name);
  }
});
