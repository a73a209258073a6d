// Package ringmain is the client of the Ringmain gateway, one typed gRPC service in front of many AI model
// providers.
//
//	client, err := ringmain.New("", ringmain.WithModel("sandbox/chat"))
//	if err != nil { … }
//	defer client.Close()
//	stream := client.Stream(ctx, ringmain.Ask("What is a ring main?"))
//	for delta, err := range stream.Deltas() {
//		if err != nil { … }
//		fmt.Print(delta.Text)
//	}
//
// Requests and responses are the messages of the contract, package ringmainv1. Every failure of a call is an
// [*Error]. The generated stubs are fields of [Client] and share its connection, token, timeout and errors.
package ringmain
