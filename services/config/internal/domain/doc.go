// Package domain holds the rules about settings that no single context can check.
package domain
