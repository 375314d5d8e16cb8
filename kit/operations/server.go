package operations

import (
	"cmp"
	"context"
	"encoding/base64"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"sync"

	"connectrpc.com/connect/v2"

	operationsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/operations/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/operations/v1/operationsv1connect"
	"github.com/shopmesh/shopmesh/kit/authz"
	"github.com/shopmesh/shopmesh/kit/fault"
)

// defaultPageSize is how many dead letters a page holds when the request leaves
// it open.
const defaultPageSize = 50

// Server is the OperationsService of a process.
type Server struct {
	contexts []Context
	log      *slog.Logger
}

// NewServer returns the service over the contexts of a process. What operators do to dead
// letters is logged to log.
func NewServer(log *slog.Logger, contexts ...Context) *Server {
	sorted := slices.Clone(contexts)
	slices.SortFunc(sorted, func(x, y Context) int { return cmp.Compare(x.Name(), y.Name()) })
	return &Server{contexts: sorted, log: log}
}

// Register serves it on server.
func (s *Server) Register(server *connect.Server) {
	operationsv1connect.RegisterOperationsServiceHandler(server, s)
}

// named returns the contexts that a request names.
func (s *Server) named(name string) ([]Context, error) {
	if name == "" {
		return s.contexts, nil
	}
	for _, c := range s.contexts {
		if c.Name() == name {
			return []Context{c}, nil
		}
	}
	return nil, fault.New(fault.NotFound, fault.ReasonContextNotFound,
		"this process holds no context %q: it holds %s", name, strings.Join(s.names(), ", ")).With("context", name)
}

func (s *Server) names() []string {
	names := make([]string, len(s.contexts))
	for i, c := range s.contexts {
		names[i] = c.Name()
	}
	return names
}

// GetStatus reads all contexts at once.
func (s *Server) GetStatus(ctx context.Context, req *operationsv1.GetStatusRequest) (*operationsv1.GetStatusResponse, error) {
	contexts, err := s.named(req.GetContext())
	if err != nil {
		return nil, err
	}
	res := &operationsv1.GetStatusResponse{Contexts: make([]*operationsv1.ContextStatus, len(contexts))}
	var reading sync.WaitGroup
	for i, c := range contexts {
		reading.Go(func() { res.Contexts[i] = c.Status(ctx) })
	}
	reading.Wait()
	return res, nil
}

// ListDeadLetters lists one context after another, each oldest first.
func (s *Server) ListDeadLetters(ctx context.Context, req *operationsv1.ListDeadLettersRequest) (*operationsv1.ListDeadLettersResponse, error) {
	contexts, err := s.named(req.GetContext())
	if err != nil {
		return nil, err
	}
	from, err := readToken(req.GetPageToken())
	if err != nil {
		return nil, err
	}
	size := int(req.GetPageSize())
	if size == 0 {
		size = defaultPageSize
	}
	res := &operationsv1.ListDeadLettersResponse{}
	for _, c := range contexts {
		if c.Name() < from.context {
			continue
		}
		after := int64(0)
		if c.Name() == from.context {
			after = from.after
		}
		// One more than fits shows whether there is another page.
		deadLetters, err := c.ListDeadLetters(ctx, after, size-len(res.DeadLetters)+1)
		if err != nil {
			return nil, err
		}
		res.DeadLetters = append(res.DeadLetters, deadLetters...)
		if len(res.DeadLetters) > size {
			res.DeadLetters = res.DeadLetters[:size]
			last := res.DeadLetters[size-1]
			res.NextPageToken = pageToken{last.GetContext(), last.GetId()}.String()
			return res, nil
		}
	}
	return res, nil
}

// pageToken is where the next page begins: behind a dead letter of a context.
type pageToken struct {
	context string
	after   int64
}

func (t pageToken) String() string {
	return base64.RawURLEncoding.EncodeToString([]byte(t.context + "/" + strconv.FormatInt(t.after, 10)))
}

func readToken(text string) (pageToken, error) {
	if text == "" {
		return pageToken{}, nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(text)
	name, after, ok := strings.Cut(string(raw), "/")
	id, idErr := strconv.ParseInt(after, 10, 64)
	if err != nil || !ok || idErr != nil || id < 0 {
		return pageToken{}, fault.New(fault.Invalid, fault.ReasonPageTokenInvalid,
			"the page token was not given out by this list: begin again without one").Field("page_token", "is not known")
	}
	return pageToken{name, id}, nil
}

// GetDeadLetter shows a dead letter with its event.
func (s *Server) GetDeadLetter(ctx context.Context, req *operationsv1.GetDeadLetterRequest) (*operationsv1.GetDeadLetterResponse, error) {
	contexts, err := s.named(req.GetContext())
	if err != nil {
		return nil, err
	}
	res, err := contexts[0].GetDeadLetter(ctx, req.GetId())
	if err != nil {
		return nil, err
	}
	if res == nil {
		return nil, fault.New(fault.NotFound, fault.ReasonDeadLetterNotFound,
			"%s has no dead letter %d: list them again", req.GetContext(), req.GetId())
	}
	return res, nil
}

// RedriveDeadLetters applies dead letters again, context by context.
func (s *Server) RedriveDeadLetters(ctx context.Context, req *operationsv1.RedriveDeadLettersRequest) (*operationsv1.RedriveDeadLettersResponse, error) {
	contexts, err := s.named(req.GetContext())
	if err != nil {
		return nil, err
	}
	ids := req.GetSelection().GetIds()
	if len(ids) > 0 && req.GetContext() == "" {
		return nil, fault.Fields(fault.Violation{Field: "context", Description: "is needed with ids: each context numbers its own dead letters"})
	}
	res := &operationsv1.RedriveDeadLettersResponse{}
	for _, c := range contexts {
		redriven, remaining, err := c.Redrive(ctx, ids)
		if err != nil {
			return nil, err
		}
		res.Redriven += redriven
		res.Remaining += remaining
		s.log.InfoContext(ctx, "dead letters were redriven", "by", authz.Caller(ctx).Key(), "of", c.Name(), "ids", ids,
			"redriven", redriven, "remaining", remaining)
	}
	return res, nil
}

// DiscardDeadLetters drops dead letters of one context.
func (s *Server) DiscardDeadLetters(ctx context.Context, req *operationsv1.DiscardDeadLettersRequest) (*operationsv1.DiscardDeadLettersResponse, error) {
	contexts, err := s.named(req.GetContext())
	if err != nil {
		return nil, err
	}
	discarded, err := contexts[0].Discard(ctx, req.GetIds())
	for _, d := range discarded {
		s.log.WarnContext(ctx, "a dead letter was discarded", "by", authz.Caller(ctx).Key(), "of", req.GetContext(), "id", d.GetId(),
			"event", d.GetEventId(), "type", d.GetEventType(), "topic", d.GetTopic(), "key", d.GetKey(), "cause", d.GetCause())
	}
	if err != nil {
		return nil, err
	}
	if len(discarded) == 0 {
		return nil, fault.New(fault.NotFound, fault.ReasonDeadLetterNotFound,
			"%s has no dead letter of these ids: list them again", req.GetContext())
	}
	return &operationsv1.DiscardDeadLettersResponse{Discarded: int64(len(discarded))}, nil
}

// Audit streams what each context states, one after another.
func (s *Server) Audit(ctx context.Context, req *operationsv1.AuditRequest, stream operationsv1connect.OperationsServiceAuditServerStream) error {
	contexts, err := s.named(req.GetContext())
	if err != nil {
		return err
	}
	for _, c := range contexts {
		err := c.Audit(ctx, func(record *operationsv1.AuditRecord) error {
			return stream.Send(&operationsv1.AuditResponse{Context: c.Name(), Record: record})
		})
		if err != nil {
			return err
		}
	}
	return nil
}
