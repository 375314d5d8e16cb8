"""What schemathesis reports of the REST API though it is no finding, by name.

Two of its checks compare an answer with the OpenAPI document alone, and a document
can't state every rule. A refusal is no finding when RULES has each rule that it names,
or when its reason is about what the shop holds, and the document lists it for the
operation. A new operation needs a line only for a rule of its own that the
document can't state. A third takes the deadline that we give to streams for a failure
of the server. All other checks have no exclusion.
"""

import json
import re

import schemathesis
from schemathesis.core.failures import AcceptedNegativeData, ServerError
from schemathesis.core.jsonschema import make_validator
from schemathesis.core.parameters import ParameterLocation
from schemathesis.openapi.checks import RejectedPositiveData
from schemathesis.specs.openapi.checks import is_unexpected_http_status_case

# The reasons that are about the request alone: what they refuse, a schema might state.
# All others of an operation are about what the shop holds.
ABOUT_THE_REQUEST = ("INVALID_FIELD", "MALFORMED_REQUEST", "FILTER_INVALID", "PAGE_TOKEN_INVALID", "DUPLICATE_LINE")

PRODUCT = "(POST|PATCH) /v1/products(/{id})?"
CATEGORY = "(POST|PATCH) /v1/categories(/{id})?"
CUSTOMER = "(POST|PATCH) /v1/customers(/{id})?|(POST|PATCH) /v1/customers/{customer_id}/addresses(/{id})?"
ORDER = "POST /v1/orders|PATCH /v1/orders/{id}"
SETTINGS = "PATCH /v1/settings/{context}"

# Fields, by what the server requires of them: lines are texts without line breaks.
ADDRESS = r"(address|customer\.addresses\[\d+\])\.postal_address|(order\.)?shipping_address"
REQUIRED_LINE = (
    r"(.+\.)?first_name|(category|product)\.name|display_name|product\.attributes\[.*\]"
    rf"|({ADDRESS})\.address_lines\[\d+\]"
)
LINE = (
    r"(.+\.)?(last_name|phone)|(address|customer\.addresses\[\d+\])\.label|(order\.shipment\.)?(carrier|tracking_code)"
    rf"|({ADDRESS})\.(postal_code|sorting_code|administrative_area|locality|sublocality|organization|recipients\[\d+\])"
)
TEXT = r"(category|product)\.description|product\.attributes\[.*\]|product\.images\[\d+\]\.alt_text|reason|note"
AMOUNT = r"product\.price|expected_total"

# What a query may write for true and false, besides these words
# (https://pkg.go.dev/strconv#ParseBool).
BOOLEANS = ("1", "t", "T", "TRUE", "True", "0", "f", "F", "FALSE", "False")

# Rules that the document doesn't state: the operation, the field and the whole
# description that the server gives of the rule, each a regular expression, and why the
# document can't or doesn't state it.
RULES = [
    # An expression of a grammar (https://google.aip.dev/160), over fields of the list.
    ("GET .*", "filter", r"at position \d+: .*"),
    # Names of fields, each with an optional " desc", separated by commas.
    (
        "GET .*",
        "order_by",
        """(can't order by ".*"|".*" is no field name with an optional "desc"|".*" appears twice); allowed .*""",
    ),
    # Only the server makes one, for this very list or account.
    (
        "GET .*",
        "page_token",
        "is not one of ours|belongs to another list, or to a request with another filter, order_by or parent",
    ),
    ("POST /v1/accounts:confirmTotp", "secret", "must be the secret that EnrollTotp returned"),
    # OpenAPI has no rule over several parameters of a query.
    ("GET /v1/products:lookup", "", "only one of id, code can be set|one of id, code must be set"),
    (
        "GET /v1/stock:lookup",
        "",
        "only one of product_id, product_code can be set|one of product_id, product_code must be set",
    ),
    ("GET /v1/products:batchGet", "", "ids and codes together must be 1 to 200"),
    ("GET /v1/stock:batchGet", "", "product_ids and product_codes together must be 1 to 200"),
    # A grammar too (https://google.aip.dev/161), over fields of the resource.
    ("PATCH .*", "update_mask", r"""".*" (can't be changed: .* can|has an empty part|is longer than \d+ bytes)"""),
    ("PATCH .*", "update_mask", '".*" (opens a backtick that it does not close|needs a dot behind a closing backtick)'),
    ("PATCH .*", "update_mask", '".*" names a (part|field) .*'),
    # No text of any request may have it. The document would have to repeat that as a
    # pattern of each.
    (".*", ".+", r"must not contain U\+0000"),
    # What is visible and what is a control character is Unicode's to define, by tables
    # that the regular expressions of JSON Schema need not know.
    ("(POST|PATCH) .*", f"{REQUIRED_LINE}|{LINE}", "must not contain control characters or line breaks"),
    (ORDER, r"(order\.)?contact\.(first|last)_name", "must not hold control characters or line breaks"),
    ("(POST|PATCH) .*", REQUIRED_LINE, "must not be blank: it needs at least one visible character"),
    ("(POST|PATCH) .*", f"{LINE}|{TEXT}", "must be empty or have at least one visible character"),
    # The shop takes more than the format "email" does: blanks around the address, which
    # it drops, and internationalized domains.
    (
        "POST /v1/(accounts|sessions|staff|customers):.*|POST /v1/notifications/{id}:resend|POST /v1/orders:sendLink"
        f"|(POST|PATCH) /v1/customers(/{{id}})?|{ORDER}",
        r"((customer|(order\.)?contact)\.)?email|recipient",
        "must be an e-mail address(, such as name@example.com| whose domain is a host name, such as example.com)"
        "|must have at most 64 bytes before the @, and at most 254 in all",
    ),
    ("PATCH /v1/customers/{id}", r"customer\.email", "is the address that signs in: .*"),
    # Lists of other bodies, which change without us: ISO 3166-1, BCP 47, ISO 4217.
    (
        f"{CUSTOMER}|{ORDER}",
        rf"({ADDRESS})\.region_code",
        "must be a country's ISO 3166-1 alpha-2 code in capitals, such as DE or GB"
        "|[A-Z]{2} is not assigned by ISO 3166-1( alpha-2)?: use .*",
    ),
    (
        f"{CUSTOMER}|{ORDER}",
        rf"({ADDRESS})\.language_code",
        "must be a BCP 47 language tag, such as de or zh-Hant, or empty",
    ),
    (f"{PRODUCT}|POST /v1/orders", rf"({AMOUNT})\.currency_code", 'must be an ISO 4217 code, is "[A-Z]{3}"'),
    # An amount is several fields: its parts have one sign, its currency has so many
    # places, and in its smallest unit it fits into 64 bits.
    (
        f"{PRODUCT}|POST /v1/orders",
        rf"({AMOUNT})\.nanos",
        r"units and nanos must have the same sign: -?\d+ and -?\d+"
        r"|amount is finer than the currency's smallest unit: [A-Z]{3} has \d decimals, got -?\d+ nanos",
    ),
    (f"{PRODUCT}|POST /v1/orders", rf"({AMOUNT})\.units", r"amount is too large: -?\d+ units of [A-Z]{3}"),
    # A calendar is more than a pattern, and two days are not too far apart.
    (
        "GET /v1/orders:summarize",
        "(start|end)_date",
        r"must be a day since 2000, such as .*|must not be behind the last day, .*"
        r"|at most \d+ days are summed up at once, these are \d+",
    ),
    # A refund names the amount as a whole.
    (
        "POST /v1/payments/{payment_id}:refund",
        "amount",
        'not an ISO 4217 currency code: "[A-Z]{3}"|must be more than 0; leave it out to give back all that is left'
        r"|units and nanos must have the same sign: -?\d+ and -?\d+|amount is too large: -?\d+ units of [A-Z]{3}"
        r"|amount is finer than the currency's smallest unit: [A-Z]{3} has \d decimals, got -?\d+ nanos",
    ),
    # That rows of a batch differ in one of their fields is, too, beyond uniqueItems.
    (
        "POST /v1/(products|stock|orders):batch.*",
        r"requests\[\d+\]\.(product\.id|request_id|id)",
        r"is that of requests\[\d+\], too",
    ),
    # That lines differ in one of their fields is beyond uniqueItems.
    ("POST /v1/payments/{payment_id}:refund", "lines", "a product's code is in one line"),
    # Amounts share a schema, in which one may be negative.
    (PRODUCT, r"product\.price\.units", "must be 0 or more, is .*"),
    # Of an amount that is changed, the parts belong together.
    (
        "PATCH /v1/products/{id}",
        r"product\.price",
        "needs units or nanos beside currency_code; to set it to nothing, name it in update_mask"
        "|is one value: give currency_code together with units or nanos"
        "(, and let update_mask name both, or name it whole)?",
    ),
    # What the mask names, or without a mask the body, has to be there: the document can't
    # require it, since other masks don't name it.
    ("PATCH /v1/products/{id}", r"product\.(category_id|price)", "is required"),
    ("PATCH /v1/customers/{customer_id}/addresses/{id}", r"address\.postal_address", "is required"),
    ("PATCH /v1/products/{id}", r"product\.status", "must be DRAFT, ACTIVE or ARCHIVED"),
    # The path chooses which of the alternatives the body may have.
    (SETTINGS, r"settings\.\w+", r"are no settings of .*: the field \w+ holds these"),
    # A duration is written as a text, whose pattern has no bounds.
    (SETTINGS, r"settings\..+", r"must be greater than or equal to [0-9.]+s and less than or equal to [0-9.]+s"),
    # What holds between fields of a message, or between the items of a list.
    (
        SETTINGS,
        r"settings\.shop(\.mail_subjects\[\d+\])?",
        r"a kind of mail has one subject|\{number\} is in mails about orders alone|\{amount\} is in mails about refunds alone",
    ),
    (SETTINGS, r"settings\.payment\.refund_step_up_limits", "a currency has one limit"),
    # One of two fields is given: what is ordered, or the cart that holds it.
    ("POST /v1/orders", "lines", "must be 1 to 200 lines, or cart_token must name a cart"),
    ("POST /v1/orders", "cart_token", "must be empty when there are lines: an order is of one or the other"),
    ("POST /v1/orders", "lines", "the cart is empty: put something into it first"),
    # That lines differ in one of their fields is beyond uniqueItems.
    ("POST /v1/orders(:quote)?", r"lines\[\d+\]\.product_code", r'".*" is on line \d+ already: put the quantities together'),
    # A schema counts characters: of those that are more than a byte, fewer fit.
    (
        "POST /v1/(accounts|sessions|staff):.*",
        "email|password|new_password|token|totp_code|refresh_token|first_name|last_name",
        r"must be at most \d+ bytes",
    ),
    (ORDER, r"(order\.)?contact\.email", r"must be at most \d+ bytes"),
    # The format "uuid" has the all-zero one, which names nothing.
    (
        "(POST|PATCH|DELETE) .*",
        "request_id",
        "must not be the all-zero UUID: draw a random one for each request",
    ),
    (
        f"{PRODUCT}|{CATEGORY}",
        r"product\.category_id|category\.parent_id",
        "must not be the all-zero UUID: leave it empty for none",
    ),
    # The schema of a resource is shared by requests that change it. There such a field
    # may hold anything that fits: only what the mask names is looked at.
    ("POST /v1/customers", r"customer\.addresses\[\d+\]\.id", "is set by the server"),
    # An address gets its id with the customer, and the default is one of those that are there.
    ("POST /v1/customers", "customer", "default_address_id is set by an update"),
    (
        "PATCH /v1/customers/{id}",
        r"customer\.default_address_id",
        "is none of the customer's addresses|must be a UUID, such as [0-9a-f-]{36}",
    ),
    (CATEGORY, r"category\.parent_id", "must be a UUID, such as [0-9a-f-]{36}"),
    (PRODUCT, r"product\.category_id", "must be a UUID, such as [0-9a-f-]{36}"),
    (PRODUCT, r"product\.code", r"must be 1 to 64 of \[A-Za-z0-9\._/-\], is .*"),
    (
        PRODUCT,
        r"product\.images\[\d+\]\.url",
        r"must be an https URL or a path that begins with one slash, up to \d+ characters",
    ),
]


@schemathesis.hook
def filter_failure(context, failure, case, response):
    """Returns whether a failure of a check is a finding."""
    if isinstance(failure, RejectedPositiveData):
        return not refused_for_more_than_the_schema(case, response)
    if isinstance(failure, AcceptedNegativeData):
        return not fits_as_protojson(case) and not refused_a_row(case, response)
    if isinstance(failure, ServerError):
        return not nothing_to_watch(case, response)
    return True


@schemathesis.check
def error_reason_is_listed(ctx, response, case):
    """An error has a reason that the document lists for its operation and status."""
    listed = reasons_listed(case, response)
    if response.status_code < 400 or listed is None or is_unexpected_http_status_case(case):
        return
    reason = reason_of(json.loads(response.content))
    assert reason in listed, f"{case.operation.label} answers {response.status_code} with the reason {reason}; listed are {listed}"


def refused_for_more_than_the_schema(case, response):
    """What the shop holds is why it refuses the request, or only rules of RULES are."""
    if response.status_code != 400:
        return False
    error = json.loads(response.content)
    reason = reason_of(error)
    if reason not in ABOUT_THE_REQUEST:
        return reason in reasons_listed(case, response)
    violations = [v for detail in error["details"] for v in detail.get("fieldViolations", [])]
    # The last may count those that are left out.
    named = [v for v in violations if v.get("field") or not re.fullmatch(r"and (\d+ )?more", v["description"])]
    return bool(named) and all(in_rules(case.operation.label, v.get("field", ""), v["description"]) for v in named)


def refused_a_row(case, response):
    """A batch answers 200, and the outcome of a row that breaks a rule of the shop is a refusal."""
    if ":batch" not in case.operation.label:
        return False
    return any("refusal" in outcome for outcome in json.loads(response.content).get("outcomes", []))


def nothing_to_watch(case, response):
    """Nothing came by the deadline that schemathesis.toml gives to streams."""
    return (
        case.operation.label.endswith(":watch")
        and response.status_code == 504
        and reason_of(json.loads(response.content)) == "DEADLINE_EXCEEDED"
    )


def reason_of(error):
    return next((detail["reason"] for detail in error.get("details", []) if "reason" in detail), None)


def reasons_listed(case, response):
    """The reasons that the document lists for this status, None for a status without."""
    answers = case.operation.definition.raw["responses"]
    return answers.get(str(response.status_code), {}).get("x-reasons")


def in_rules(operation, field, description):
    return any(
        re.fullmatch(of, operation)
        and re.fullmatch(where, field, re.DOTALL)
        and re.fullmatch(rule, description, re.DOTALL)
        for of, where, rule in RULES
    )


def fits_as_protojson(case):
    """The request fits the document once it is written as the document has it. ProtoJSON
    (https://protobuf.dev/programming-guides/json/) takes more: null and, where there is no
    presence, an empty text for what is not set, and the number of an enum's value. A query
    takes more for true and false."""
    wrong = [location for location in case.meta.components if case.meta.is_negative_at(location)]
    return bool(wrong) and all(fits_at(location, case) for location in wrong)


def fits_at(location, case):
    if location == ParameterLocation.QUERY:
        phase = case.meta.phase.data
        wrong = {each.parameter for each in phase.mutations if each.parameter_location == location} or {phase.parameter}
        return all(name in case.query and fits_parameter(case, name) for name in wrong)
    if location == ParameterLocation.BODY:
        body = case.operation.get_body_for_media_type(case.media_type)
        return fits(body.optimized_schema, without_unset(case.body), case)
    return False


def fits_parameter(case, name):
    value = case.query[name]
    if value in ("", None):
        return True
    parameter = case.operation.get_parameter(name, "query")
    if parameter is None:
        return False
    if parameter.optimized_schema.get("type") == "boolean":
        return str(value) in BOOLEANS
    return str(value).isdecimal() and fits(parameter.optimized_schema, int(value), case)


def fits(schema, value, case):
    return make_validator(
        with_numbers_of_enums(schema), case.operation.schema.adapter.jsonschema_validator_cls
    ).is_valid(value)


def with_numbers_of_enums(schema):
    if isinstance(schema, list):
        return [with_numbers_of_enums(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if schema.get("type") == "string" and "enum" in schema:
        return {"anyOf": [schema, {"type": "integer"}]}
    return {name: with_numbers_of_enums(each) for name, each in schema.items()}


def without_unset(value):
    if isinstance(value, dict):
        return {name: without_unset(each) for name, each in value.items() if each is not None and each != ""}
    if isinstance(value, list):
        return [without_unset(each) for each in value]
    return value
