package main

import (
	"errors"
	"regexp"
	"strings"

	"buf.build/gen/go/bufbuild/protovalidate/protocolbuffers/go/buf/validate"
	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/genproto/googleapis/rpc/code"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	"github.com/shopmesh/shopmesh/tools/plugins/internal/descriptors"
)

const (
	rulesOption         = "buf.validate.field"
	messageRulesOption  = "buf.validate.message"
	behaviorOption      = "google.api.field_behavior"
	authorizationOption = "shopmesh.options.v1.authorization"
	codesOption         = "shopmesh.options.v1.codes"
	reasonEnum          = "shopmesh.errors.v1.Reason"
	reasonPrefix        = "REASON_"
)

// contracts are the descriptors of all protos, with their options and comments.
type contracts struct {
	files   *protoregistry.Files
	methods map[string]protoreflect.MethodDescriptor // by operation id: OrderService_GetOrder
	codes   map[string][]code.Code                   // of each reason
}

func load(raw []byte) (*contracts, error) {
	files, err := descriptors.Load(raw)
	if err != nil {
		return nil, err
	}
	c := &contracts{files: files, methods: map[string]protoreflect.MethodDescriptor{}, codes: map[string][]code.Code{}}
	files.RangeFiles(func(file protoreflect.FileDescriptor) bool {
		for i := range file.Services().Len() {
			service := file.Services().Get(i)
			for j := range service.Methods().Len() {
				method := service.Methods().Get(j)
				c.methods[string(service.Name())+"_"+string(method.Name())] = method
			}
		}
		return true
	})
	return c, c.readCodes()
}

func (c *contracts) readCodes() error {
	found, err := c.files.FindDescriptorByName(reasonEnum)
	if err != nil {
		return err
	}
	values := found.(protoreflect.EnumDescriptor).Values()
	for i := range values.Len() {
		value := values.Get(i)
		if value.Number() == 0 {
			continue
		}
		option := descriptors.Option(value, codesOption)
		if !option.IsValid() || option.List().Len() == 0 {
			return errors.New(string(value.Name()) + " states no status code: add the option " + codesOption)
		}
		name := strings.TrimPrefix(string(value.Name()), reasonPrefix)
		for j := range option.List().Len() {
			c.codes[name] = append(c.codes[name], code.Code(option.List().Get(j).Enum()))
		}
	}
	return nil
}

// message finds a message by its full name; nil when there is none.
func (c *contracts) message(name string) protoreflect.MessageDescriptor {
	found, err := c.files.FindDescriptorByName(protoreflect.FullName(name))
	if err != nil {
		return nil
	}
	message, _ := found.(protoreflect.MessageDescriptor)
	return message
}

// rpc finds the RPC that an operation calls; nil when there is none.
func (c *contracts) rpc(operation object) protoreflect.MethodDescriptor {
	return c.methods[bindingNumber.ReplaceAllString(text(operation["operationId"]), "")]
}

// rulesOf returns a field's validation rules, empty when it has none.
func rulesOf(field protoreflect.FieldDescriptor) *validate.FieldRules {
	rules := &validate.FieldRules{}
	readRules(field, rulesOption, rules)
	return rules
}

// messageRulesOf returns a message's validation rules, empty when it has none.
func messageRulesOf(message protoreflect.MessageDescriptor) *validate.MessageRules {
	rules := &validate.MessageRules{}
	readRules(message, messageRulesOption, rules)
	return rules
}

func readRules(of protoreflect.Descriptor, name protoreflect.FullName, rules proto.Message) {
	if option := descriptors.Option(of, name); option.IsValid() {
		raw, err := proto.Marshal(option.Message().Interface())
		if err == nil {
			err = proto.Unmarshal(raw, rules)
		}
		if err != nil {
			panic(err) // the bytes are those that buf compiled
		}
	}
}

func hasBehavior(field protoreflect.FieldDescriptor, behavior annotations.FieldBehavior) bool {
	option := descriptors.Option(field, behaviorOption)
	if !option.IsValid() {
		return false
	}
	for i := range option.List().Len() {
		if option.List().Get(i).Enum() == protoreflect.EnumNumber(behavior) {
			return true
		}
	}
	return false
}

// internal reports whether only operators and services call a method.
func internal(method protoreflect.MethodDescriptor) bool {
	if strings.HasPrefix(string(method.FullName()), "shopmesh.operations.") {
		return true
	}
	option := descriptors.Option(method, authorizationOption)
	if !option.IsValid() {
		return false
	}
	onlyServices, anybodyElse := false, false
	option.Message().Range(func(field protoreflect.FieldDescriptor, _ protoreflect.Value) bool {
		if field.Name() == "service" {
			onlyServices = true
		} else {
			anybodyElse = true
		}
		return true
	})
	return onlyServices && !anybodyElse
}

var errorsSentence = regexp.MustCompile(`(?s)\bErrors: ([A-Z0-9_,\s]+)\.`)

// reasonsOf returns the reasons that a method's comment names.
func reasonsOf(method protoreflect.MethodDescriptor) []string {
	comment := method.ParentFile().SourceLocations().ByDescriptor(method).LeadingComments
	match := errorsSentence.FindStringSubmatch(comment)
	if match == nil {
		return nil
	}
	return strings.FieldsFunc(match[1], func(r rune) bool { return r == ',' || r == ' ' || r == '\n' })
}
