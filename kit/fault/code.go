package fault

// Domain is the google.rpc.ErrorInfo.domain of every error of the shop.
const Domain = "shopmesh"

// codes are the numbers of google.rpc.Code, by kind. Connect and gRPC use the same.
var codes = [...]uint32{
	Internal: 13, Invalid: 3, NotFound: 5, AlreadyExists: 6, FailedPrecondition: 9, Aborted: 10, PermissionDenied: 7,
	Unauthenticated: 16, Exhausted: 8, Unavailable: 14, Unimplemented: 12, DeadlineExceeded: 4, Cancelled: 1,
}

// Code returns the number of the kind in google.rpc.Code.
func (k Kind) Code() uint32 {
	if k < 0 || int(k) >= len(codes) {
		return codes[Internal]
	}
	return codes[k]
}

// KindOfCode returns the kind of a number of google.rpc.Code; Internal for one that
// no kind has.
func KindOfCode(code uint32) Kind {
	for kind, number := range codes {
		if number == code {
			return Kind(kind)
		}
	}
	return Internal
}
