// Orders two of the first product in stock and waits until the order is confirmed,
// as a web page would: node dist/order.js http://127.0.0.1:8080 ada@example.com
import { createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-web";
import { ProductService } from "@shopmesh/api/shopmesh/catalog/v1/product_service_pb";
import { OrderState } from "@shopmesh/api/shopmesh/order/v1/order_pb";
import { OrderService } from "@shopmesh/api/shopmesh/order/v1/order_service_pb";

const [baseUrl = "http://127.0.0.1:8080", email = "ada@example.com"] = process.argv.slice(2);
const transport = createConnectTransport({ baseUrl });
const catalog = createClient(ProductService, transport);
const orders = createClient(OrderService, transport);

const { products } = await catalog.listProducts({ pageSize: 10 });
const product = products.find((p) => p.availableQuantity >= 2n);
if (!product) throw new Error(`none of ${products.length} products is in stock twice`);

// The same requestId again is the same order again: make it once, before the first try.
const lines = [{ productCode: product.code, quantity: 2 }];
const { quote } = await orders.quoteOrder({ lines });
const { order, guestToken } = await orders.placeOrder({
  requestId: crypto.randomUUID(),
  contact: { firstName: "Ada", lastName: "Lovelace", email },
  shippingAddress: { regionCode: "GB", postalCode: "SW1Y 4JH", locality: "London", addressLines: ["12 St James's Square"] },
  lines,
  paymentMethod: "sandbox_ok",
  expectedTotal: quote?.total,
});
if (!order) throw new Error("the order was not returned");

let state = order.state;
const enough = new AbortController(); // leaving the loop alone would leave the stream open
const headers = { Authorization: `Bearer ${guestToken}` }; // what opens this order, and no other
for await (const { entry } of orders.watchOrder({ id: order.id }, { headers, signal: enough.signal })) {
  state = entry?.state ?? state;
  if (state === OrderState.CONFIRMED) break;
}
enough.abort();
console.log(JSON.stringify({ number: order.number, product: product.code, state: OrderState[state] }));
