/**
 * What the host gives to the core for sockets. Each returns the result of the system call of that name, or -errno. Pointers
 * are addresses in linear memory: the kernel reads and writes there. Descriptors are the process's: all threads share them.
 *
 * On whichever stack the caller is, on its thread.
 */

/** Finds out what this process may use: a PollerKind. */
@external("skein", "net_start")
export declare function netStart(): i32;

/** How many descriptors this process may have; 0 if that is not known. */
@external("skein", "net_files")
export declare function netFiles(): i32;

/** Layout of the kernel's epoll_event: offset of its data, and its size times 256. */
@external("skein", "net_event_layout")
export declare function netEventLayout(): i32;


@external("skein", "net_epoll_create")
export declare function netEpollCreate(): i32;


@external("skein", "net_epoll_ctl")
export declare function netEpollCtl(epfd: i32, op: i32, fd: i32, event: usize): i32;


@external("skein", "net_epoll_wait")
export declare function netEpollWait(epfd: i32, events: usize, count: i32, ms: i32): i32;

/** An eventfd that does not block. */
@external("skein", "net_eventfd")
export declare function netEventfd(): i32;

/** A socket that does not block and is not inherited. */
@external("skein", "net_socket")
export declare function netSocket(domain: i32, type: i32): i32;


@external("skein", "net_bind")
export declare function netBind(fd: i32, address: usize, length: i32): i32;


@external("skein", "net_listen")
export declare function netListen(fd: i32): i32;

/** Accepts a connection that does not block and is not inherited; the peer's address goes to `address`. */
@external("skein", "net_accept")
export declare function netAccept(fd: i32, address: usize, length: usize): i32;


@external("skein", "net_connect")
export declare function netConnect(fd: i32, address: usize, length: i32): i32;

/** The pending error of a socket (SO_ERROR), as -errno; 0 if there is none. `word` is scratch of 8 bytes. */
@external("skein", "net_error")
export declare function netError(fd: i32, word: usize): i32;

/** Sets an option to the value of the 32-bit word at `value`. */
@external("skein", "net_setsockopt")
export declare function netSetsockopt(fd: i32, level: i32, name: i32, value: usize): i32;


@external("skein", "net_getsockname")
export declare function netGetsockname(fd: i32, address: usize, length: usize): i32;


@external("skein", "net_getpeername")
export declare function netGetpeername(fd: i32, address: usize, length: usize): i32;


@external("skein", "net_read")
export declare function netRead(fd: i32, at: usize, length: i32): i32;


@external("skein", "net_write")
export declare function netWrite(fd: i32, at: usize, length: i32): i32;


@external("skein", "net_recvfrom")
export declare function netRecvfrom(fd: i32, at: usize, length: i32, address: usize, addressLength: usize): i32;

/** Copies what there is to read without taking it. */
@external("skein", "net_peek")
export declare function netPeek(fd: i32, at: usize, length: i32): i32;


@external("skein", "net_sendto")
export declare function netSendto(fd: i32, at: usize, length: i32, address: usize, addressLength: i32): i32;


@external("skein", "net_shutdown")
export declare function netShutdown(fd: i32, how: i32): i32;


@external("skein", "net_close")
export declare function netClose(fd: i32): i32;

/** Removes the file at a path: UTF-8, ended by 0. */
@external("skein", "net_unlink")
export declare function netUnlink(path: usize): i32;

/**
 * Resolves an address (UTF-16, length in bytes) into a Resolution (`addr.ts`): 0; 1 if its host name has to be looked up, by
 * the main thread; or negative with a message in the Resolution.
 */
@external("skein", "net_resolve")
export declare function netResolve(text: usize, length: i32, purpose: i32, resolution: usize): i32;

/** The text of a socket's address, UTF-16, with `tcp://` and the like before it; returns its length in bytes. */
@external("skein", "net_format")
export declare function netFormat(address: usize, length: i32, packets: i32, ptr: usize, cap: i32): i32;

/** What an errno means, UTF-16; returns the length in bytes. */
@external("skein", "net_strerror")
export declare function netStrerror(errno: i32, ptr: usize, cap: i32): i32;
