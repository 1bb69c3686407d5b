/* A complete Handover plugin in plain C: a provider that speaks Chat Completions and needs no
 * sign-in, such as a model server on the same machine. It sends the client's body on untouched and
 * reads failures by their status. */
#include <handover/plugin.h>

#include <stdlib.h>
#include <string.h>

struct handover_instance {
    char* path; /* where requests go, zero-terminated */
};

static handover_string text(const char* zero_terminated) {
    handover_string out = {zero_terminated, strlen(zero_terminated)};
    return out;
}

static int equals(handover_string left, const char* right) {
    return left.size == strlen(right) && memcmp(left.data, right, left.size) == 0;
}

/* The value of "path" in the options, which the host hands over as compact JSON with every default
 * filled in. A plugin with more than one option brings a JSON parser. */
static handover_string path_option(handover_string options) {
    static const char key[] = "\"path\":\"";
    const size_t key_size = sizeof key - 1;
    for (size_t at = 0; at + key_size <= options.size; ++at) {
        if (memcmp(options.data + at, key, key_size) != 0) continue;
        const char* start = options.data + at + key_size;
        const char* end = memchr(start, '"', options.size - at - key_size);
        handover_string found = {start, end == NULL ? 0 : (size_t)(end - start)};
        if (found.size > 0) return found;
    }
    return text("/chat/completions");
}

static handover_status create(const handover_host* host,
                              const handover_config* config,
                              handover_instance** instance,
                              const handover_error_output* error) {
    const handover_string path = path_option(config->options);
    *instance = NULL;
    if (path.data[0] != '/') {
        error->set_message(error->context, text("the option \"path\" does not begin with '/'"));
        return HANDOVER_INVALID_REQUEST;
    }
    handover_instance* made = malloc(sizeof *made);
    char* copy = malloc(path.size + 1);
    if (made == NULL || copy == NULL) {
        free(made);
        free(copy);
        error->set_message(error->context, text("out of memory"));
        return HANDOVER_FAILED;
    }
    memcpy(copy, path.data, path.size);
    copy[path.size] = '\0';
    made->path = copy;
    *instance = made;
    host->log(host->context, HANDOVER_LOG_DEBUG, text("ready"));
    return HANDOVER_OK;
}

static void destroy(handover_instance* instance) {
    free(instance->path);
    free(instance);
}

static handover_status prepare(const handover_instance* instance,
                               const handover_request* request,
                               const handover_prepare_output* output) {
    if (!equals(request->dialect, "chat_completions")) {
        output->set_message(output->context, text("only chat_completions is spoken here"));
        return HANDOVER_INVALID_REQUEST;
    }
    output->set_path(output->context, text(instance->path));
    output->add_header(output->context, text("Content-Type"), text("application/json"));
    output->use_request_body(output->context);
    return HANDOVER_OK;
}

static handover_verdict verdict_of(uint32_t status) {
    switch (status) {
        case 401:
        case 403:
            return HANDOVER_VERDICT_AUTHENTICATION;
        case 429:
            return HANDOVER_VERDICT_RATE_LIMITED;
        case 503:
            return HANDOVER_VERDICT_OVERLOADED;
        case 500:
        case 502:
        case 504:
            return HANDOVER_VERDICT_TRANSIENT;
        default:
            return status >= 400 && status < 500 ? HANDOVER_VERDICT_INVALID_REQUEST
                                                 : HANDOVER_VERDICT_OTHER;
    }
}

static void classify(const handover_instance* instance,
                     const handover_failure* failure,
                     const handover_classify_output* output) {
    (void)instance;
    output->set_verdict(output->context, verdict_of(failure->status));
    output->set_message(output->context, failure->body);
}

static const void* get_extension(handover_string id) {
    (void)id;
    return NULL;
}

static const handover_plugin plugin = {
    .size = sizeof(handover_plugin),
    .abi_minor = HANDOVER_ABI_MINOR,
    .create = create,
    .destroy = destroy,
    .prepare = prepare,
    .classify = classify,
    .get_extension = get_extension,
};

const handover_plugin* HANDOVER_ENTRY(const handover_host* host) {
    (void)host;
    return &plugin;
}
