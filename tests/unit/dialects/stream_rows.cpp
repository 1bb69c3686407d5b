// Streams, event by event. What is given: one event a line. What it becomes: one event a line,
// without what all of them have in common. A stream from beginning to end is in golden/.
#include "rows.hpp"

namespace handover::test {

// A line is the one choice of a chunk, or a chunk. What comes out lacks sequence numbers and the
// first two events; of the last one's response only what differs is there.
const std::vector<RequestRow>
    chat_stream_rows =
        {
            {"content",
             R"({"index":0,"delta":{"role":"assistant","content":""}}
{"index":0,"delta":{"content":"He"}}
{"index":0,"delta":{"content":"y"}}
{"index":0,"delta":{},"finish_reason":"stop"}
[DONE])",
             R"({"type":"response.output_item.added","output_index":0,"item":{"id":"msg_SEED_0","type":"message","status":"in_progress","role":"assistant","content":[]}}
{"type":"response.content_part.added","item_id":"msg_SEED_0","output_index":0,"content_index":0,"part":{"type":"output_text","text":"","annotations":[],"logprobs":[]}}
{"type":"response.output_text.delta","item_id":"msg_SEED_0","output_index":0,"content_index":0,"delta":"He","logprobs":[]}
{"type":"response.output_text.delta","item_id":"msg_SEED_0","output_index":0,"content_index":0,"delta":"y","logprobs":[]}
{"type":"response.output_text.done","item_id":"msg_SEED_0","output_index":0,"content_index":0,"text":"Hey","logprobs":[]}
{"type":"response.content_part.done","item_id":"msg_SEED_0","output_index":0,"content_index":0,"part":{"type":"output_text","text":"Hey","annotations":[],"logprobs":[]}}
{"type":"response.output_item.done","output_index":0,"item":{"id":"msg_SEED_0","type":"message","status":"completed","role":"assistant","content":[{"type":"output_text","text":"Hey","annotations":[],"logprobs":[]}]}}
{"type":"response.completed"})"},
            {"content: with logprobs",
             R"({"index":0,"delta":{"content":"a"},"logprobs":{"content":[{"token":"a","logprob":-1}]}}
{"index":0,"delta":{"content":"b"},"logprobs":{"content":[{"token":"b","logprob":-2}]},"finish_reason":"stop"})",
             R"({"type":"response.output_item.added","output_index":0,"item":{"id":"msg_SEED_0","type":"message","status":"in_progress","role":"assistant","content":[]}}
{"type":"response.content_part.added","item_id":"msg_SEED_0","output_index":0,"content_index":0,"part":{"type":"output_text","text":"","annotations":[],"logprobs":[]}}
{"type":"response.output_text.delta","item_id":"msg_SEED_0","output_index":0,"content_index":0,"delta":"a","logprobs":[{"token":"a","logprob":-1}]}
{"type":"response.output_text.delta","item_id":"msg_SEED_0","output_index":0,"content_index":0,"delta":"b","logprobs":[{"token":"b","logprob":-2}]}
{"type":"response.output_text.done","item_id":"msg_SEED_0","output_index":0,"content_index":0,"text":"ab","logprobs":[{"token":"a","logprob":-1},{"token":"b","logprob":-2}]}
{"type":"response.content_part.done","item_id":"msg_SEED_0","output_index":0,"content_index":0,"part":{"type":"output_text","text":"ab","annotations":[],"logprobs":[{"token":"a","logprob":-1},{"token":"b","logprob":-2}]}}
{"type":"response.output_item.done","output_index":0,"item":{"id":"msg_SEED_0","type":"message","status":"completed","role":"assistant","content":[{"type":"output_text","text":"ab","annotations":[],"logprobs":[{"token":"a","logprob":-1},{"token":"b","logprob":-2}]}]}}
{"type":"response.completed"})"},
            {"content: a citation",
             R"({"index":0,"delta":{"content":"a"}}
{"index":0,"delta":{"annotations":[{"type":"url_citation","url_citation":{"start_index":0,"end_index":1,"url":"u","title":"t"}}]},"finish_reason":"stop"})",
             R"({"type":"response.output_item.added","output_index":0,"item":{"id":"msg_SEED_0","type":"message","status":"in_progress","role":"assistant","content":[]}}
{"type":"response.content_part.added","item_id":"msg_SEED_0","output_index":0,"content_index":0,"part":{"type":"output_text","text":"","annotations":[],"logprobs":[]}}
{"type":"response.output_text.delta","item_id":"msg_SEED_0","output_index":0,"content_index":0,"delta":"a","logprobs":[]}
{"type":"response.output_text.annotation.added","item_id":"msg_SEED_0","output_index":0,"content_index":0,"annotation_index":0,"annotation":{"type":"url_citation","start_index":0,"end_index":1,"url":"u","title":"t"}}
{"type":"response.output_text.done","item_id":"msg_SEED_0","output_index":0,"content_index":0,"text":"a","logprobs":[]}
{"type":"response.content_part.done","item_id":"msg_SEED_0","output_index":0,"content_index":0,"part":{"type":"output_text","text":"a","annotations":[{"type":"url_citation","start_index":0,"end_index":1,"url":"u","title":"t"}],"logprobs":[]}}
{"type":"response.output_item.done","output_index":0,"item":{"id":"msg_SEED_0","type":"message","status":"completed","role":"assistant","content":[{"type":"output_text","text":"a","annotations":[{"type":"url_citation","start_index":0,"end_index":1,"url":"u","title":"t"}],"logprobs":[]}]}}
{"type":"response.completed"})"},
            {"refusal",
             R"({"index":0,"delta":{"content":"a"}}
{"index":0,"delta":{"refusal":"No."},"finish_reason":"stop"})",
             R"({"type":"response.output_item.added","output_index":0,"item":{"id":"msg_SEED_0","type":"message","status":"in_progress","role":"assistant","content":[]}}
{"type":"response.content_part.added","item_id":"msg_SEED_0","output_index":0,"content_index":0,"part":{"type":"output_text","text":"","annotations":[],"logprobs":[]}}
{"type":"response.output_text.delta","item_id":"msg_SEED_0","output_index":0,"content_index":0,"delta":"a","logprobs":[]}
{"type":"response.output_text.done","item_id":"msg_SEED_0","output_index":0,"content_index":0,"text":"a","logprobs":[]}
{"type":"response.content_part.done","item_id":"msg_SEED_0","output_index":0,"content_index":0,"part":{"type":"output_text","text":"a","annotations":[],"logprobs":[]}}
{"type":"response.content_part.added","item_id":"msg_SEED_0","output_index":0,"content_index":1,"part":{"type":"refusal","refusal":""}}
{"type":"response.refusal.delta","item_id":"msg_SEED_0","output_index":0,"content_index":1,"delta":"No."}
{"type":"response.refusal.done","item_id":"msg_SEED_0","output_index":0,"content_index":1,"refusal":"No."}
{"type":"response.content_part.done","item_id":"msg_SEED_0","output_index":0,"content_index":1,"part":{"type":"refusal","refusal":"No."}}
{"type":"response.output_item.done","output_index":0,"item":{"id":"msg_SEED_0","type":"message","status":"completed","role":"assistant","content":[{"type":"output_text","text":"a","annotations":[],"logprobs":[]},{"type":"refusal","refusal":"No."}]}}
{"type":"response.completed"})"},
            {"reasoning_content, reasoning, reasoning_text",
             R"({"index":0,"delta":{"reasoning_content":"h"}}
{"index":0,"delta":{"reasoning":"m"}}
{"index":0,"delta":{"content":"a"},"finish_reason":"stop"})",
             R"({"type":"response.output_item.added","output_index":0,"item":{"id":"rs_SEED_0","type":"reasoning","status":"in_progress","summary":[],"content":[]}}
{"type":"response.content_part.added","item_id":"rs_SEED_0","output_index":0,"content_index":0,"part":{"type":"reasoning_text","text":""}}
{"type":"response.reasoning_text.delta","item_id":"rs_SEED_0","output_index":0,"content_index":0,"delta":"h"}
{"type":"response.reasoning_text.delta","item_id":"rs_SEED_0","output_index":0,"content_index":0,"delta":"m"}
{"type":"response.reasoning_text.done","item_id":"rs_SEED_0","output_index":0,"content_index":0,"text":"hm"}
{"type":"response.content_part.done","item_id":"rs_SEED_0","output_index":0,"content_index":0,"part":{"type":"reasoning_text","text":"hm"}}
{"type":"response.output_item.done","output_index":0,"item":{"id":"rs_SEED_0","type":"reasoning","status":"completed","summary":[],"content":[{"type":"reasoning_text","text":"hm"}]}}
{"type":"response.output_item.added","output_index":1,"item":{"id":"msg_SEED_1","type":"message","status":"in_progress","role":"assistant","content":[]}}
{"type":"response.content_part.added","item_id":"msg_SEED_1","output_index":1,"content_index":0,"part":{"type":"output_text","text":"","annotations":[],"logprobs":[]}}
{"type":"response.output_text.delta","item_id":"msg_SEED_1","output_index":1,"content_index":0,"delta":"a","logprobs":[]}
{"type":"response.output_text.done","item_id":"msg_SEED_1","output_index":1,"content_index":0,"text":"a","logprobs":[]}
{"type":"response.content_part.done","item_id":"msg_SEED_1","output_index":1,"content_index":0,"part":{"type":"output_text","text":"a","annotations":[],"logprobs":[]}}
{"type":"response.output_item.done","output_index":1,"item":{"id":"msg_SEED_1","type":"message","status":"completed","role":"assistant","content":[{"type":"output_text","text":"a","annotations":[],"logprobs":[]}]}}
{"type":"response.completed"})"},
            {"tool_calls: two, their fragments mixed",
             R"({"index":0,"delta":{"tool_calls":[{"index":0,"id":"c1","type":"function","function":{"name":"f","arguments":""}}]}}
{"index":0,"delta":{"tool_calls":[{"index":1,"id":"c2","type":"function","function":{"name":"g","arguments":"{"}}]}}
{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{\"a\""}}]}}
{"index":0,"delta":{"tool_calls":[{"index":1,"function":{"arguments":"}"}},{"index":0,"function":{"arguments":":1}"}}]}}
{"index":0,"delta":{},"finish_reason":"tool_calls"})",
             R"({"type":"response.output_item.added","output_index":0,"item":{"id":"fc_SEED_0","type":"function_call","status":"in_progress","call_id":"c1","name":"f","arguments":""}}
{"type":"response.output_item.added","output_index":1,"item":{"id":"fc_SEED_1","type":"function_call","status":"in_progress","call_id":"c2","name":"g","arguments":""}}
{"type":"response.function_call_arguments.delta","item_id":"fc_SEED_1","output_index":1,"delta":"{"}
{"type":"response.function_call_arguments.delta","item_id":"fc_SEED_0","output_index":0,"delta":"{\"a\""}
{"type":"response.function_call_arguments.delta","item_id":"fc_SEED_1","output_index":1,"delta":"}"}
{"type":"response.function_call_arguments.delta","item_id":"fc_SEED_0","output_index":0,"delta":":1}"}
{"type":"response.function_call_arguments.done","item_id":"fc_SEED_0","output_index":0,"name":"f","arguments":"{\"a\":1}"}
{"type":"response.output_item.done","output_index":0,"item":{"id":"fc_SEED_0","type":"function_call","status":"completed","call_id":"c1","name":"f","arguments":"{\"a\":1}"}}
{"type":"response.function_call_arguments.done","item_id":"fc_SEED_1","output_index":1,"name":"g","arguments":"{}"}
{"type":"response.output_item.done","output_index":1,"item":{"id":"fc_SEED_1","type":"function_call","status":"completed","call_id":"c2","name":"g","arguments":"{}"}}
{"type":"response.completed"})"},
            {"tool_calls: whole ones, all with index 0 and no id; the reason says stop",
             R"({"index":0,"delta":{"tool_calls":[{"index":0,"function":{"name":"f","arguments":"1"}}]}}
{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"name":"g","arguments":"2"}}]},"finish_reason":"stop"})",
             R"({"type":"response.output_item.added","output_index":0,"item":{"id":"fc_SEED_0","type":"function_call","status":"in_progress","call_id":"call_SEED_0","name":"f","arguments":""}}
{"type":"response.function_call_arguments.delta","item_id":"fc_SEED_0","output_index":0,"delta":"1"}
{"type":"response.output_item.added","output_index":1,"item":{"id":"fc_SEED_1","type":"function_call","status":"in_progress","call_id":"call_SEED_1","name":"g","arguments":""}}
{"type":"response.function_call_arguments.delta","item_id":"fc_SEED_1","output_index":1,"delta":"2"}
{"type":"response.function_call_arguments.done","item_id":"fc_SEED_0","output_index":0,"name":"f","arguments":"1"}
{"type":"response.output_item.done","output_index":0,"item":{"id":"fc_SEED_0","type":"function_call","status":"completed","call_id":"call_SEED_0","name":"f","arguments":"1"}}
{"type":"response.function_call_arguments.done","item_id":"fc_SEED_1","output_index":1,"name":"g","arguments":"2"}
{"type":"response.output_item.done","output_index":1,"item":{"id":"fc_SEED_1","type":"function_call","status":"completed","call_id":"call_SEED_1","name":"g","arguments":"2"}}
{"type":"response.completed"})"},
            {"tool_calls: without index, id and name repeated",
             R"({"index":0,"delta":{"tool_calls":[{"id":"c1","function":{"name":"f","arguments":"1"}}]}}
{"index":0,"delta":{"tool_calls":[{"id":"c1","function":{"name":"f","arguments":"2"}}]}}
{"index":0,"delta":{"tool_calls":[{"function":{"arguments":"3"}}]},"finish_reason":"tool_calls"})",
             R"({"type":"response.output_item.added","output_index":0,"item":{"id":"fc_SEED_0","type":"function_call","status":"in_progress","call_id":"c1","name":"f","arguments":""}}
{"type":"response.function_call_arguments.delta","item_id":"fc_SEED_0","output_index":0,"delta":"1"}
{"type":"response.function_call_arguments.delta","item_id":"fc_SEED_0","output_index":0,"delta":"2"}
{"type":"response.function_call_arguments.delta","item_id":"fc_SEED_0","output_index":0,"delta":"3"}
{"type":"response.function_call_arguments.done","item_id":"fc_SEED_0","output_index":0,"name":"f","arguments":"123"}
{"type":"response.output_item.done","output_index":0,"item":{"id":"fc_SEED_0","type":"function_call","status":"completed","call_id":"c1","name":"f","arguments":"123"}}
{"type":"response.completed"})"},
            {"tool_calls: custom",
             R"({"index":0,"delta":{"tool_calls":[{"index":0,"id":"c","type":"custom","custom":{"name":"sh","input":""}}]}}
{"index":0,"delta":{"tool_calls":[{"index":0,"custom":{"input":"ls"}}]},"finish_reason":"tool_calls"})",
             R"({"type":"response.output_item.added","output_index":0,"item":{"id":"ctc_SEED_0","type":"custom_tool_call","status":"in_progress","call_id":"c","name":"sh","input":""}}
{"type":"response.custom_tool_call_input.delta","item_id":"ctc_SEED_0","output_index":0,"delta":"ls"}
{"type":"response.custom_tool_call_input.done","item_id":"ctc_SEED_0","output_index":0,"input":"ls"}
{"type":"response.output_item.done","output_index":0,"item":{"id":"ctc_SEED_0","type":"custom_tool_call","status":"completed","call_id":"c","name":"sh","input":"ls"}}
{"type":"response.completed"})"},
            {"finish_reason: length",
             R"({"index":0,"delta":{"content":"a"}}
{"index":0,"delta":{},"finish_reason":"length"})",
             R"({"type":"response.output_item.added","output_index":0,"item":{"id":"msg_SEED_0","type":"message","status":"in_progress","role":"assistant","content":[]}}
{"type":"response.content_part.added","item_id":"msg_SEED_0","output_index":0,"content_index":0,"part":{"type":"output_text","text":"","annotations":[],"logprobs":[]}}
{"type":"response.output_text.delta","item_id":"msg_SEED_0","output_index":0,"content_index":0,"delta":"a","logprobs":[]}
{"type":"response.output_text.done","item_id":"msg_SEED_0","output_index":0,"content_index":0,"text":"a","logprobs":[]}
{"type":"response.content_part.done","item_id":"msg_SEED_0","output_index":0,"content_index":0,"part":{"type":"output_text","text":"a","annotations":[],"logprobs":[]}}
{"type":"response.output_item.done","output_index":0,"item":{"id":"msg_SEED_0","type":"message","status":"incomplete","role":"assistant","content":[{"type":"output_text","text":"a","annotations":[],"logprobs":[]}]}}
{"type":"response.incomplete","reason":"max_output_tokens"})"},
            {"finish_reason: content_filter",
             R"({"index":0,"delta":{},"finish_reason":"content_filter"})",
             R"({"type":"response.incomplete","reason":"content_filter"})"},
            {"finish_reason: none, but [DONE]",
             R"({"index":0,"delta":{"tool_calls":[{"index":0,"id":"c","function":{"name":"f","arguments":""}}]}}
[DONE])",
             R"({"type":"response.output_item.added","output_index":0,"item":{"id":"fc_SEED_0","type":"function_call","status":"in_progress","call_id":"c","name":"f","arguments":""}}
{"type":"response.function_call_arguments.done","item_id":"fc_SEED_0","output_index":0,"name":"f","arguments":""}
{"type":"response.output_item.done","output_index":0,"item":{"id":"fc_SEED_0","type":"function_call","status":"completed","call_id":"c","name":"f","arguments":""}}
{"type":"response.completed"})"},
            {"usage: in a chunk of its own",
             R"({"index":0,"delta":{},"finish_reason":"stop"}
{"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}}
[DONE])",
             R"({"type":"response.completed","usage":{"input_tokens":1,"input_tokens_details":{"cached_tokens":0},"output_tokens":2,"output_tokens_details":{"reasoning_tokens":0},"total_tokens":3}})"},
            {"usage: growing",
             R"({"id":"a","choices":[{"index":0,"delta":{}}],"usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}}
{"id":"a","choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}})",
             R"({"type":"response.completed","usage":{"input_tokens":1,"input_tokens_details":{"cached_tokens":0},"output_tokens":2,"output_tokens_details":{"reasoning_tokens":0},"total_tokens":3}})"},
            {"a chunk without choices, and further choices",
             R"({"id":"","model":"","created":0,"choices":[],"prompt_filter_results":[{"prompt_index":0}]}
{"index":1,"delta":{"content":"b"}}
{"index":0,"delta":{},"finish_reason":"stop"})",
             R"({"type":"response.completed"})"},
            {"data that is no object",
             R"(ping
{"index":0,"delta":{},"finish_reason":"stop"})",
             R"({"type":"response.completed"})"},
            {"an error",
             R"({"index":0,"delta":{"role":"assistant"}}
{"error":{"message":"slow down","type":"rate_limit_error","code":"rate_limit_exceeded","param":null}}
{"index":0,"delta":{"content":"never seen"}})",
             R"({"type":"error","code":"rate_limit_exceeded","message":"slow down","param":null,"error":{"message":"slow down","type":"rate_limit_error","param":null,"code":"rate_limit_exceeded"}})"},
            {"an error: with a number as its code, before anything else",
             R"({"error":{"message":"bad gateway","code":502},"choices":[]})",
             R"({"type":"error","code":"502","message":"bad gateway","param":null,"error":{"message":"bad gateway","type":"server_error","param":null,"code":"502"}})"},
            {"an error: as text",
             R"({"error":"out of credits","code":"credits"})",
             R"({"type":"error","code":"credits","message":"out of credits","param":null,"error":{"message":"out of credits","type":"server_error","param":null,"code":"credits"}})"},
            {"an error: as the reason to finish",
             R"({"index":0,"delta":{},"finish_reason":"error"})",
             R"({"type":"error","code":null,"message":"the provider ended its answer with the reason \"error\"","param":null,"error":{"message":"the provider ended its answer with the reason \"error\"","type":"server_error","param":null,"code":null}})"},
            {"an event that cannot be read",
             R"({"choices":[{"index":0,"delta":{"content":"a)",
             R"({"type":"error","code":null,"message":"the provider sent an event that is not valid JSON","param":null,"error":{"message":"the provider sent an event that is not valid JSON","type":"server_error","param":null,"code":null}})"},
            {"a stream that breaks off",
             R"({"index":0,"delta":{"tool_calls":[{"index":0,"id":"c","function":{"name":"f","arguments":""}}]}})",
             R"({"type":"response.output_item.added","output_index":0,"item":{"id":"fc_SEED_0","type":"function_call","status":"in_progress","call_id":"c","name":"f","arguments":""}}
{"type":"error","code":"stream_broken_off","message":"the provider's stream broke off before the answer was complete","param":null,"error":{"message":"the provider's stream broke off before the answer was complete","type":"server_error","param":null,"code":"stream_broken_off"}})"},
            {"a stream that breaks off: only [DONE]", "[DONE]", R"({"type":"error","code":"stream_broken_off","message":"the provider's stream broke off before the answer was complete","param":null,"error":{"message":"the provider's stream broke off before the answer was complete","type":"server_error","param":null,"code":"stream_broken_off"}})"},
};

// A line is an event; response.created comes before the first. What comes out is the one choice of
// each chunk, without null members and its index; the first chunk, with the role, is left out.
const std::vector<RequestRow> responses_stream_rows = {
    {"output_text.delta",
     R"({"type":"response.output_text.delta","output_index":0,"delta":"He","logprobs":[]}
{"type":"response.output_text.delta","output_index":0,"delta":"y"}
{"type":"response.completed","response":{"status":"completed"}})",
     R"({"delta":{"content":"He"}}
{"delta":{"content":"y"}}
{"delta":{},"finish_reason":"stop"}
[DONE])"},
    {"output_text.delta: of a second message",
     R"({"type":"response.output_text.delta","output_index":0,"delta":"a"}
{"type":"response.output_text.delta","output_index":1,"delta":"b"}
{"type":"response.completed","response":{}})",
     R"({"delta":{"content":"a"}}
{"delta":{"content":"\nb"}}
{"delta":{},"finish_reason":"stop"}
[DONE])"},
    {"output_text.delta: with logprobs",
     R"({"type":"response.output_text.delta","output_index":0,"delta":"a","logprobs":[{"token":"a","logprob":-1}]}
{"type":"response.completed","response":{}})",
     R"({"delta":{"content":"a"},"logprobs":{"content":[{"token":"a","logprob":-1}],"refusal":null}}
{"delta":{},"finish_reason":"stop"}
[DONE])"},
    {"output_text.annotation.added",
     R"({"type":"response.output_text.annotation.added","output_index":0,"annotation":{"type":"url_citation","start_index":0,"end_index":1,"url":"u","title":"t"}}
{"type":"response.output_text.annotation.added","output_index":0,"annotation":{"type":"file_path"}}
{"type":"response.completed","response":{}})",
     R"({"delta":{"annotations":[{"type":"url_citation","url_citation":{"start_index":0,"end_index":1,"url":"u","title":"t"}}]}}
{"delta":{},"finish_reason":"stop"}
[DONE])"},
    {"refusal.delta",
     R"({"type":"response.refusal.delta","output_index":0,"delta":"No."}
{"type":"response.completed","response":{}})",
     R"({"delta":{"refusal":"No."}}
{"delta":{},"finish_reason":"stop"}
[DONE])"},
    {"reasoning_summary_text.delta, reasoning_text.delta",
     R"({"type":"response.reasoning_summary_part.added","output_index":0,"summary_index":0}
{"type":"response.reasoning_summary_text.delta","output_index":0,"summary_index":0,"delta":"a"}
{"type":"response.reasoning_summary_part.added","output_index":0,"summary_index":1}
{"type":"response.reasoning_summary_text.delta","output_index":0,"summary_index":1,"delta":"b"}
{"type":"response.output_item.done","output_index":0,"item":{"type":"reasoning","summary":[{"type":"summary_text","text":"a"},{"type":"summary_text","text":"b"}]}}
{"type":"response.completed","response":{}})",
     R"({"delta":{"reasoning_content":"a"}}
{"delta":{"reasoning_content":"\n\n"}}
{"delta":{"reasoning_content":"b"}}
{"delta":{},"finish_reason":"stop"}
[DONE])"},
    {"reasoning_summary_text.delta, reasoning_text.delta: the other",
     R"({"type":"response.reasoning_text.delta","output_index":0,"content_index":0,"delta":"hm"}
{"type":"response.completed","response":{}})",
     R"({"delta":{"reasoning_content":"hm"}}
{"delta":{},"finish_reason":"stop"}
[DONE])"},
    {"output_item.added and arguments.delta of a call: two",
     R"({"type":"response.output_item.added","output_index":1,"item":{"type":"function_call","id":"fc_1","call_id":"c1","name":"f","arguments":""}}
{"type":"response.function_call_arguments.delta","output_index":1,"delta":"{\"a\""}
{"type":"response.function_call_arguments.delta","output_index":1,"delta":":1}"}
{"type":"response.function_call_arguments.done","output_index":1,"arguments":"{\"a\":1}"}
{"type":"response.output_item.done","output_index":1,"item":{"type":"function_call","id":"fc_1","call_id":"c1","name":"f","arguments":"{\"a\":1}"}}
{"type":"response.output_item.added","output_index":3,"item":{"type":"custom_tool_call","id":"ctc_1","call_id":"c2","name":"sh","input":""}}
{"type":"response.custom_tool_call_input.delta","output_index":3,"delta":"ls"}
{"type":"response.output_item.done","output_index":3,"item":{"type":"custom_tool_call","id":"ctc_1","call_id":"c2","name":"sh","input":"ls"}}
{"type":"response.completed","response":{"status":"completed"}})",
     R"({"delta":{"tool_calls":[{"index":0,"id":"c1","type":"function","function":{"name":"f","arguments":""}}]}}
{"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{\"a\""}}]}}
{"delta":{"tool_calls":[{"index":0,"function":{"arguments":":1}"}}]}}
{"delta":{"tool_calls":[{"index":1,"id":"c2","type":"custom","custom":{"name":"sh","input":""}}]}}
{"delta":{"tool_calls":[{"index":1,"custom":{"input":"ls"}}]}}
{"delta":{},"finish_reason":"tool_calls"}
[DONE])"},
    {"output_item.added and arguments.delta of a call: no delta",
     R"({"type":"response.output_item.added","output_index":0,"item":{"type":"function_call","call_id":"c1","name":"f","arguments":""}}
{"type":"response.output_item.done","output_index":0,"item":{"type":"function_call","call_id":"c1","name":"f","arguments":"{}"}}
{"type":"response.completed","response":{}})",
     R"({"delta":{"tool_calls":[{"index":0,"id":"c1","type":"function","function":{"name":"f","arguments":""}}]}}
{"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{}"}}]}}
{"delta":{},"finish_reason":"tool_calls"}
[DONE])"},
    {"output_item.done: alone",
     R"({"type":"response.output_item.done","output_index":0,"item":{"type":"message","content":[{"type":"output_text","text":"Hey","annotations":[{"type":"url_citation","start_index":0,"end_index":1,"url":"u","title":"t"}]}]}}
{"type":"response.output_item.done","output_index":1,"item":{"type":"function_call","call_id":"c1","name":"f","arguments":"{}"}}
{"type":"response.completed","response":{"output":[]}})",
     R"({"delta":{"content":"Hey"}}
{"delta":{"annotations":[{"type":"url_citation","url_citation":{"start_index":0,"end_index":1,"url":"u","title":"t"}}]}}
{"delta":{"tool_calls":[{"index":0,"id":"c1","type":"function","function":{"name":"f","arguments":"{}"}}]}}
{"delta":{},"finish_reason":"tool_calls"}
[DONE])"},
    {"output_item.done: not even that",
     R"({"type":"response.completed","response":{"output":[{"type":"message","content":[{"type":"output_text","text":"Hey"}]}]}})",
     R"({"delta":{"content":"Hey"}}
{"delta":{},"finish_reason":"stop"}
[DONE])"},
    {"incomplete",
     R"({"type":"response.incomplete","response":{"status":"incomplete","incomplete_details":{"reason":"max_output_tokens"}}})",
     R"({"delta":{},"finish_reason":"length"}
[DONE])"},
    {"incomplete: filtered",
     R"({"type":"response.incomplete","response":{"status":"incomplete","incomplete_details":{"reason":"content_filter"}}})",
     R"({"delta":{},"finish_reason":"content_filter"}
[DONE])"},
    {"events of hosted tools, and others",
     R"({"type":"response.web_search_call.searching","output_index":0}
{"type":"response.metadata","headers":{}}
{"type":"response.completed","response":{}})",
     R"({"delta":{},"finish_reason":"stop"}
[DONE])"},
    {"an error",
     R"({"type":"error","code":"server_error","message":"oops","param":null}
{"type":"response.completed","response":{}})",
     R"({"error":{"message":"oops","type":"server_error","param":null,"code":"server_error"}})"},
    {"an error: nested",
     R"({"type":"error","error":{"type":"usage_limit_reached","message":"used up"},"status_code":429})",
     R"({"error":{"message":"used up","type":"usage_limit_reached","param":null,"code":null}})"},
    {"an error: response.failed",
     R"({"type":"response.failed","response":{"status":"failed","error":{"code":"rate_limit_exceeded","message":"slow down"}}})",
     R"({"error":{"message":"slow down","type":"server_error","param":null,"code":"rate_limit_exceeded"}})"},
    {"an event that cannot be read",
     R"({"type":"response.output_text.delta","delta":"a)",
     R"({"error":{"message":"the provider sent an event that is not valid JSON","type":"server_error","param":null,"code":null}})"},
    {"a stream that breaks off",
     R"({"type":"response.output_text.delta","output_index":0,"delta":"a"})",
     R"({"delta":{"content":"a"}}
{"error":{"message":"the provider's stream broke off before the answer was complete","type":"server_error","param":null,"code":"stream_broken_off"}})"},
};

}  // namespace handover::test
