/* SPDX-License-Identifier: MIT
 *
 * fetch/address.h - is an address one of the public internet? (--deny-private). Pure.
 */
#ifndef FETCH_ADDRESS_H
#define FETCH_ADDRESS_H

#include <sys/socket.h>

#include <pxfer/attr.h>

/* What kind of address that is not globally reachable this one is ("a loopback address"); NULL: it
 * is an ordinary one. By the special-purpose registries of IANA (RFC 6890 and its updates) and the
 * multicast blocks. An IPv6 address that stands for an IPv4 one (mapped, compatible, NAT64, 6to4)
 * is judged by that. Other families than these two: not ordinary. Static text. */
const char *address_special(const struct sockaddr *address);

#endif
