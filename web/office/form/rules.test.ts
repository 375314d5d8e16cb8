import { CreateCategoryRequestSchema } from "@shopmesh/api/shopmesh/catalog/v1/category_service_pb";
import { CreateProductRequestSchema } from "@shopmesh/api/shopmesh/catalog/v1/product_service_pb";
import { SignInRequestSchema } from "@shopmesh/api/shopmesh/identity/v1/account_service_pb";
import { CreateApiKeyRequestSchema } from "@shopmesh/api/shopmesh/identity/v1/staff_service_pb";
import { CancelOrderRequestSchema, UpdateOrderRequestSchema } from "@shopmesh/api/shopmesh/order/v1/order_service_pb";
import assert from "node:assert/strict";
import test from "node:test";
import { rulesOf } from "./rules";

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
