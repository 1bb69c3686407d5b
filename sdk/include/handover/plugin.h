/* Handover plugin ABI, version 1.
 *
 * A plugin is a shared object that teaches the host one LLM provider. It carries its manifest (plugin.toml) in the section
 * ".handover.manifest" and exports exactly one symbol, HANDOVER_ENTRY_SYMBOL. This header is the manual; sdk/README.md
 * walks through a first plugin, sdk/example is a complete one in C.
 *
 * Rules that hold everywhere
 *
 * - No I/O. A plugin opens no socket and no file, starts no thread, reads no clock and no environment. It turns values into values;
 *   the host does the rest. What it needs of time arrives as an argument.
 * - No secrets. The host attaches the credential after `prepare`, as the manifest says. No function here hands one over.
 * - Strings are UTF-8, pointer with length, not zero-terminated. A string with size 0 may have a null pointer.
 * - Everything the host passes in is borrowed: valid until the call returns, not a moment longer. Everything a plugin passes to a
 *   setter is copied before the setter returns. So no memory ever changes hands, and nothing is freed across the boundary.
 * - No exception and no longjmp crosses the boundary, in either direction. The C++ face (plugin.hpp) catches them.
 * - Structs begin with `size`, the number of bytes their author knew. A minor version appends members; a reader touches a member only
 *   if `size` covers it (HANDOVER_HAS). Major versions change the entry symbol's name, so an incompatible pair never meets.
 *
 * Thread and state tags, at the end of each function's comment
 *
 * [load]       called once per process, before anything else of the plugin, from one thread
 * [any-thread] may be called from any thread at any time, also concurrently on the same instance
 * [single]     called once for this instance, when no other call on it runs
 */
#ifndef HANDOVER_PLUGIN_H
#define HANDOVER_PLUGIN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define HANDOVER_ABI_MAJOR 1u
#define HANDOVER_ABI_MINOR 0u

/* The name of the one symbol a plugin exports carries the major version. */
#define HANDOVER_ENTRY handover_plugin_v1
#define HANDOVER_ENTRY_SYMBOL "handover_plugin_v1"
#define HANDOVER_MANIFEST_SECTION ".handover.manifest"

#if defined(__GNUC__)
#define HANDOVER_EXPORT __attribute__((visibility("default")))
#else
#define HANDOVER_EXPORT
#endif

/* True if `pointer->member` lies inside what the struct's author knew. */
#define HANDOVER_HAS(pointer, member) \
    ((size_t)(pointer)->size >=       \
     (size_t)((const char*)(&(pointer)->member + 1) - (const char*)(pointer)))

typedef struct handover_string {
    const char* data; /* not zero-terminated; may be null when size is 0 */
    size_t size;      /* bytes */
} handover_string;

/* What a call came to. Anything but HANDOVER_OK means that the output object's other setters are ignored. */
typedef enum handover_status {
    HANDOVER_OK = 0,
    HANDOVER_INVALID_REQUEST = 1, /* the request cannot be served by this provider: the user's to mend */
    HANDOVER_FAILED = 2           /* the plugin could not do its work: the plugin's to mend */
} handover_status;

typedef enum handover_log_level {
    HANDOVER_LOG_ERROR = 0,
    HANDOVER_LOG_WARNING = 1,
    HANDOVER_LOG_INFO = 2,
    HANDOVER_LOG_DEBUG = 3
} handover_log_level;

/* What the host offers. Owned by the host, valid as long as the plugin is loaded (which is as long as the process lives). */
typedef struct handover_host {
    uint32_t size;
    uint32_t abi_minor; /* the minor version the host was built with */
    void* context;      /* pass back as the first argument */

    /* Writes one line to the host's log, under the plugin's id. The host cuts it at 4,000 bytes, drops control characters and
     * replaces every live secret. Never fails.  [any-thread] */
    void (*log)(void* context, handover_log_level level, handover_string message);
} handover_host;

/* A name and a value. */
typedef struct handover_pair {
    handover_string name;
    handover_string value;
} handover_pair;

/* What an instance is made of: the effective settings of one provider. Borrowed for the duration of `create`. */
typedef struct handover_config {
    uint32_t size;
    uint32_t reserved;        /* 0 */
    handover_string provider; /* the provider's name in the user's config */
    handover_string base_url; /* for decisions and messages only: a plugin never names a scheme or an authority */
    handover_string model;    /* default model, or empty */
    handover_string options;  /* a JSON object without white space between its tokens: what the manifest lists under
                              * [provider.options], with the defaults filled in */
    handover_string version;  /* the host's version, for a User-Agent */
} handover_config;

/* Where a plugin puts an error's text. */
typedef struct handover_error_output {
    uint32_t size;
    uint32_t reserved;
    void* context;
    /* What went wrong, for people: one sentence. The last call wins; copied.  [any-thread] */
    void (*set_message)(void* context, handover_string message);
} handover_error_output;

/* One request of a client, in a dialect that the manifest lists. */
typedef struct handover_request {
    uint32_t size;
    uint32_t stream;         /* 1: the client wants server-sent events; 0: one JSON answer */
    handover_string dialect; /* "responses", "chat_completions" or "embeddings" */
    handover_string model;   /* the model asked for, already stripped of a provider prefix; empty if none was named */
    handover_string body;    /* the client's JSON object, byte for byte; the host has checked that it parses */
    handover_string session; /* an opaque id of the conversation, for cache affinity; may be empty */
} handover_request;

/* Where `prepare` puts its answer. Every setter copies. The host checks everything again and refuses a breach with PLUGIN_FAILED. */
typedef struct handover_prepare_output {
    uint32_t size;
    uint32_t reserved;
    void* context;

    /* "GET" or "POST"; POST if never called.  [any-thread] */
    void (*set_method)(void* context, handover_string method);

    /* Path and query below the provider's base URL: "/responses", "/models?limit=5". It begins with '/', holds no scheme, no
     * authority, no "//" at its start, no dot segments, no '#', no '\', no control characters, no spaces and nothing outside
     * ASCII. Dot segments, backslashes, control characters in the path and "//" at its start are found percent-encoded too.
     * Required.  [any-thread] */
    void (*set_path)(void* context, handover_string path);

    /* Chooses another origin: the index into the manifest's `hosts`, from 0. The base URL if never called.  [any-thread] */
    void (*set_host)(void* context, uint32_t index);

    /* Appends a header. Refused: what the host owns (Host, Connection, Keep-Alive, Content-Length, Transfer-Encoding, TE, Trailer,
     * Upgrade, HTTP2-Settings, Expect, Cookie, Authorization, Proxy-*, and every header of the method's `attach`), names that are not RFC 9110 tokens, and values
     * with control characters.  [any-thread] */
    void (*add_header)(void* context, handover_string name, handover_string value);

    /* The body to send; none if never called. To forward the client's own body untouched call `use_request_body`, which copies
     * nothing.  [any-thread] */
    void (*set_body)(void* context, handover_string body);
    void (*use_request_body)(void* context);

    /* 1: the upstream answers with server-sent events whatever the client asked for; the host collects them where the client
     * wants one answer. 0: it answers as the client asked. The request's `stream` if never called.  [any-thread] */
    void (*set_upstream_streams)(void* context, uint32_t streams);

    /* What went wrong, when `prepare` does not return HANDOVER_OK.  [any-thread] */
    void (*set_message)(void* context, handover_string message);
} handover_prepare_output;

/* A failed answer: a response with a status of 400 or more, or an error inside a stream that began with 200. */
typedef struct handover_failure {
    uint32_t size;
    uint32_t status; /* HTTP status; 0 for an error event inside a stream */
    const handover_pair* headers;
    size_t header_count;
    handover_string body; /* the error body (at most 1 MiB of it), or the event's data */
    int64_t now;          /* Unix time in seconds: relative times in the answer count from here */
} handover_failure;

typedef enum handover_verdict {
    HANDOVER_VERDICT_OTHER = 0,
    HANDOVER_VERDICT_AUTHENTICATION = 1,  /* the credential was refused */
    HANDOVER_VERDICT_RATE_LIMITED = 2,    /* too fast; worth a retry at `until` */
    HANDOVER_VERDICT_QUOTA_EXHAUSTED = 3, /* money or plan window used up; a retry before `until` is useless */
    HANDOVER_VERDICT_INVALID_REQUEST = 4, /* never retried */
    HANDOVER_VERDICT_OVERLOADED = 5,      /* the service is full; retried with backoff */
    HANDOVER_VERDICT_TRANSIENT = 6        /* a fault on the way; retried */
} handover_verdict;

/* Where `classify` puts its answer. Every setter copies. */
typedef struct handover_classify_output {
    uint32_t size;
    uint32_t reserved;
    void* context;

    /* HANDOVER_VERDICT_OTHER if never called.  [any-thread] */
    void (*set_verdict)(void* context, handover_verdict verdict);
    /* Unix time in seconds before which a retry is useless. Unknown if never called; the host then reads Retry-After.
     *  [any-thread] */
    void (*set_until)(void* context, int64_t until);
    /* The provider's words for people, without markup.  [any-thread] */
    void (*set_message)(void* context, handover_string message);
} handover_classify_output;

/* An instance: one provider with one configuration. Its layout is the plugin's own. */
typedef struct handover_instance handover_instance;

/* The plugin. A static object of the plugin, valid as long as it is loaded. Every pointer is required but `get_extension`. */
typedef struct handover_plugin {
    uint32_t size;
    uint32_t abi_minor; /* the minor version the plugin was built with */

    /* Makes an instance for `config` and puts it into `*instance`, which the host later gives to `destroy`. On failure leaves
     * `*instance` null and says why through `error`. `host` stays valid; `config` and `error` do not.  [any-thread] */
    handover_status (*create)(const handover_host* host,
                              const handover_config* config,
                              handover_instance** instance,
                              const handover_error_output* error);

    /* Frees an instance. No other call on it runs or follows.  [single] */
    void (*destroy)(handover_instance* instance);

    /* Turns the client's request into the provider's. Pure: the same arguments give the same answer.
     * HANDOVER_INVALID_REQUEST with a message where the provider cannot do what is asked.  [any-thread] */
    handover_status (*prepare)(const handover_instance* instance,
                               const handover_request* request,
                               const handover_prepare_output* output);

    /* Says what a failed answer means. Never fails: what it does not understand is HANDOVER_VERDICT_OTHER, and the host then goes
     * by the status.  [any-thread] */
    void (*classify)(const handover_instance* instance,
                     const handover_failure* failure,
                     const handover_classify_output* output);

    /* The extension table with this id, or null. The table is static and begins with its size. May be null itself. The host
     * asks once per process, after loading. Defined so far: "handover.limits/1" (ext/limits.h), what an answer's headers say about the
     * provider's limits; "handover.models/1" (ext/models.h), which models it serves. Unknown ids get null.  [any-thread] */
    const void* (*get_extension)(handover_string id);
} handover_plugin;

/* The entry point: returns the plugin's table, or null if it cannot work with this host (it then says why through the log).
 * Does nothing else.  [load] */
typedef const handover_plugin* (*handover_entry_function)(const handover_host* host);
HANDOVER_EXPORT const handover_plugin* HANDOVER_ENTRY(const handover_host* host);

#ifdef __cplusplus
}
#endif

#endif
