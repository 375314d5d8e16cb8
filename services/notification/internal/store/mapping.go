package store

import (
	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/services/notification/internal/domain"
	"github.com/shopmesh/shopmesh/services/notification/internal/store/db"
)

func toDBRequests(requests []domain.Request) db.NotificationExistingParams {
	n := len(requests)
	p := db.NotificationExistingParams{
		Positions: make([]int32, n), Kinds: make([]int16, n), SubjectIds: make([]uuid.UUID, n), CustomerIds: make([]uuid.UUID, n),
		OrderIds: make([]uuid.UUID, n), AccountIds: make([]uuid.UUID, n),
	}
	for i, r := range requests {
		p.Positions[i], p.Kinds[i], p.SubjectIds[i], p.CustomerIds[i] = int32(i), int16(r.Kind), r.SubjectID, r.CustomerID
		p.OrderIds[i], p.AccountIds[i] = r.OrderID, r.AccountID
	}
	return p
}

func fromDBExisting(rows []db.NotificationExistingRow) []domain.Existing {
	known := make([]domain.Existing, len(rows))
	for i, row := range rows {
		known[i].Erased = row.PersonErased != nil && *row.PersonErased
		if row.ID == nil {
			continue
		}
		known[i] = domain.Existing{
			ID: *row.ID, Status: domain.Status(*row.Status), Version: *row.Version, Cause: *row.Cause,
			EndTime: fromNullable(row.EndTime), Erased: known[i].Erased,
		}
	}
	return known
}

func toDBNotifications(mails []domain.Notification, shop domain.ShopDetails, template int) db.NotificationInsertManyParams {
	p := db.NotificationInsertManyParams{LegalNotices: shop.LegalNotices}
	for _, m := range mails {
		p.Ids = append(p.Ids, m.ID)
		p.Kinds = append(p.Kinds, int16(m.Kind))
		p.SubjectIds = append(p.SubjectIds, m.SubjectID)
		p.OrderIds = append(p.OrderIds, m.OrderID)
		p.CustomerIds = append(p.CustomerIds, m.CustomerID)
		p.AccountIds = append(p.AccountIds, m.AccountID)
		p.Statuses = append(p.Statuses, int16(m.Status))
		p.Recipients = append(p.Recipients, m.Recipient)
		p.RecipientKeys = append(p.RecipientKeys, domain.RecipientKey(m.Recipient))
		p.Subjects = append(p.Subjects, m.Subject)
		p.ShopNames = append(p.ShopNames, shop.Name)
		p.Templates = append(p.Templates, int16(template))
		p.Contents = append(p.Contents, m.Content)
		p.MessageIds = append(p.MessageIds, m.MessageID)
		p.Causes = append(p.Causes, m.Cause)
		p.Versions = append(p.Versions, m.Version)
		p.Traceparents = append(p.Traceparents, m.Traceparent)
		p.CreateTimes = append(p.CreateTimes, m.RequestedTime)
		p.DueTimes = append(p.DueTimes, m.DueTime)
	}
	return p
}

// fromDBMail reads a locked row.
func fromDBMail(row db.NotificationLockRow) domain.Mail {
	return domain.Restore(domain.Snapshot{
		ID: row.ID, Kind: domain.Kind(row.Kind), SubjectID: row.SubjectID, OrderID: row.OrderID,
		Status: domain.Status(row.Status), Readable: row.Readable,
		Resends: int(row.ResendCount), Attempts: int(row.AttemptCount), Retries: int(row.RetryCount),
		Cause: row.Cause, Version: row.Version, RequestedTime: row.RequestedTime, DueTime: fromNullable(row.DueTime),
		EndTime: fromNullable(row.EndTime), SendTime: fromNullable(row.SendTime), Traceparent: row.Traceparent,
	})
}

func toDBMails(mails []domain.Mail) db.NotificationUpdateManyParams {
	var p db.NotificationUpdateManyParams
	for _, m := range mails {
		s := m.Snapshot()
		p.Ids = append(p.Ids, s.ID)
		p.Statuses = append(p.Statuses, int16(s.Status))
		p.AttemptCounts = append(p.AttemptCounts, int32(s.Attempts))
		p.RetryCounts = append(p.RetryCounts, int32(s.Retries))
		p.Causes = append(p.Causes, s.Cause)
		p.Versions = append(p.Versions, s.Version)
		p.DueTimes = append(p.DueTimes, s.DueTime)
		p.EndTimes = append(p.EndTimes, s.EndTime)
		p.SendTimes = append(p.SendTimes, s.SendTime)
	}
	return p
}

// toDBErased are the rows of mails whose text goes.
func toDBErased(mails []domain.Mail) db.NotificationEraseManyParams {
	var p db.NotificationEraseManyParams
	for _, m := range mails {
		s := m.Snapshot()
		p.Ids = append(p.Ids, s.ID)
		p.Statuses = append(p.Statuses, int16(s.Status))
		p.Causes = append(p.Causes, s.Cause)
		p.Versions = append(p.Versions, s.Version)
		p.EndTimes = append(p.EndTimes, s.EndTime)
	}
	return p
}

func toDBAttempts(attempts []domain.Attempt) db.AttemptInsertManyParams {
	var p db.AttemptInsertManyParams
	for _, a := range attempts {
		p.NotificationIds = append(p.NotificationIds, a.NotificationID)
		p.Numbers = append(p.Numbers, int32(a.Number))
		p.Accepteds = append(p.Accepteds, a.Accepted)
		p.Results = append(p.Results, a.Result)
		p.TraceIds = append(p.TraceIds, a.TraceID)
		p.CreateTimes = append(p.CreateTimes, a.Time)
	}
	return p
}

// fromDBAttempts reads rows of attempts, by mail.
func fromDBAttempts(rows []db.DeliveryAttempt) map[uuid.UUID][]domain.Attempt {
	by := make(map[uuid.UUID][]domain.Attempt)
	for _, row := range rows {
		by[row.NotificationID] = append(by[row.NotificationID], domain.Attempt{
			NotificationID: row.NotificationID, Number: int(row.Number), Accepted: row.Accepted,
			Result: row.Result, Time: row.CreateTime, TraceID: row.TraceID,
		})
	}
	return by
}

// fromDBOutgoing reads a claimed row.
func fromDBOutgoing(row db.NotificationClaimDueRow) domain.Outgoing {
	return domain.Outgoing{
		ID: row.ID, Kind: domain.Kind(row.Kind), Recipient: row.Recipient, Subject: row.Subject,
		Shop:     domain.ShopDetails{Name: row.ShopName, LegalNotices: row.LegalNotices},
		Template: int(row.Template), Content: row.Content, MessageID: row.MessageID, Resends: int(row.ResendCount),
		Traceparent: row.Traceparent, RequestedTime: row.RequestedTime,
	}
}

// fromDBStored reads a whole row.
func fromDBStored(row db.Notification) domain.Stored {
	return domain.Stored{
		Snapshot: domain.Snapshot{
			ID: row.ID, Kind: domain.Kind(row.Kind), SubjectID: row.SubjectID, OrderID: row.OrderID,
			Status: domain.Status(row.Status), Readable: len(row.Content) > 0,
			Resends: int(row.ResendCount), Attempts: int(row.AttemptCount), Retries: int(row.RetryCount),
			Cause: row.Cause, Version: row.Version, RequestedTime: row.RequestedTime, DueTime: fromNullable(row.DueTime),
			EndTime: fromNullable(row.EndTime), SendTime: fromNullable(row.SendTime), Traceparent: row.Traceparent,
		},
		AccountID: fromNullable(row.AccountID),
		Recipient: row.Recipient, Subject: row.Subject, Shop: domain.ShopDetails{Name: row.ShopName, LegalNotices: row.LegalNotices}, Template: int(row.Template),
		Content: row.Content, MessageID: row.MessageID, CreateTime: row.CreateTime,
	}
}

// fromNullable reads null as the zero value.
func fromNullable[T any](value *T) (zero T) {
	if value == nil {
		return zero
	}
	return *value
}
