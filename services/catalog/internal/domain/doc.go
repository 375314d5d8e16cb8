// Package domain decides about what the shop sells: categories in a tree, products
// under codes that are never used again, and how many of each can be bought.
package domain
