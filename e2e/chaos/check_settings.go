package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	configv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/config/v1"
)

// checkSettings compares the versions of each context's settings with the changes that were
// acknowledged, and what the processes apply with the last of them.
func (c *checker) checkSettings(ctx context.Context) error {
	for _, s := range c.book.settings {
		var got []*configv1.SettingsVersion
		err := pages(ctx, c.driver, "config", func(ctx context.Context, k *endpoint, token string) ([]*configv1.SettingsVersion, string, error) {
			res, err := k.config.ListSettingsVersions(ctx, &configv1.ListSettingsVersionsRequest{Context: s.context, PageSize: 1000, PageToken: token})
			return res.GetVersions(), res.GetNextPageToken(), err
		}, func(some []*configv1.SettingsVersion) { got = append(got, some...) })
		if err != nil {
			return fmt.Errorf("list the versions of the settings of %s: %w", s.context, err)
		}
		slices.Reverse(got) // it lists the newest first
		if !s.lost {
			c.judgeVersions(s, got)
		}
	}
	deadline := time.Now().Add(quietBound)
	for {
		wrong := c.compareApplied(ctx)
		if wrong == "" {
			return nil
		}
		if time.Now().After(deadline) {
			c.book.find(finding{kind: "SETTINGS_NOT_APPLIED", subject: "shop", message: wrong})
			return nil
		}
		if err := sleep(ctx, 200*time.Millisecond); err != nil {
			return err
		}
	}
}

// judgeVersions finds the first difference between the versions that there are, the oldest
// first, and the changes that were acknowledged.
func (c *checker) judgeVersions(s *contextSettings, got []*configv1.SettingsVersion) {
	for i := range max(len(got), len(s.versions)) {
		switch {
		case i >= len(got):
			c.findSettings(s, "ACKNOWLEDGED_AND_GONE", "version %d was acknowledged, there are %d", i+1, len(got))
		case i >= len(s.versions):
			c.findSettings(s, "NOBODYS_CHANGE", "%d versions were acknowledged, and there is %v", len(s.versions), got[i])
		case got[i].GetSettings().GetVersion() != int64(i+1) || !sameVersion(got[i], s.versions[i]):
			c.findSettings(s, "VERSION_DIFFERS", "as version %d was acknowledged %v, there is %v", i+1, s.versions[i].settings, got[i])
		default:
			continue
		}
		return
	}
	if n := len(got); n > 0 && got[n-1].GetSettings().GetEtag() != s.etag {
		c.findSettings(s, "VERSION_DIFFERS", "version %d was acknowledged with the etag %q, there is %q", n, s.etag, got[n-1].GetSettings().GetEtag())
	}
}
