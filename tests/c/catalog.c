/*
 * The built-in catalogue against the tables of the vendor's page, as they stand there: name, id, context, price.
 */
#include "check.h"

static const struct {
    const char *name, *id, *context, *price;
    int32_t is_chat;
} PAGE[] = {
    {"DeepSeek-R1", "deepseek-ai/DeepSeek-R1", "131K", "$2.00/M tokens", 1},
    {"DeepSeek-R1-0528", "deepseek-ai/DeepSeek-R1-0528", "164K", "$3.00/M tokens", 1},
    {"DeepSeek-V3", "deepseek-ai/DeepSeek-V3", "131K", "$0.25/M tokens", 1},
    {"DeepSeek-V3-0324", "deepseek-ai/DeepSeek-V3-0324", "131K", "$1.25/M tokens", 1},
    {"GPT-OSS 120B", "openai/gpt-oss-120b", "131K", "$0.30/M tokens", 1},
    {"GPT-OSS 20B", "openai/gpt-oss-20b", "131K", "$0.10/M tokens", 1},
    {"Kimi-K2", "moonshotai/Kimi-K2-Instruct", "131K", "$2.00/M tokens", 1},
    {"Llama 3 70B", "meta-llama/Meta-Llama-3-70B-Instruct", "131K", "$0.40/M tokens", 1},
    {"Llama 3.1 405B", "meta-llama/Meta-Llama-3.1-405B-Instruct", "131K", "$4.00/M tokens", 1},
    {"Llama 3.1 70B", "meta-llama/Meta-Llama-3.1-70B-Instruct", "131K", "$0.40/M tokens", 1},
    {"Llama 3.1 8B", "meta-llama/Meta-Llama-3.1-8B-Instruct", "131K", "$0.10/M tokens", 1},
    {"Llama 3.2 3B", "meta-llama/Llama-3.2-3B-Instruct", "131K", "$0.10/M tokens", 1},
    {"Llama 3.3 70B", "meta-llama/Llama-3.3-70B-Instruct", "131K", "$0.40/M tokens", 1},
    {"Qwen 2.5 72B", "Qwen/Qwen2.5-72B-Instruct", "131K", "$0.40/M tokens", 1},
    {"Qwen 2.5 Coder 32B", "Qwen/Qwen2.5-Coder-32B-Instruct", "131K", "$0.20/M tokens", 1},
    {"Qwen3-235B-A22B", "Qwen/Qwen3-235B-A22B", "41K", "$0.40/M tokens", 1},
    {"Qwen3-235B Instruct 2507", "Qwen/Qwen3-235B-A22B-Instruct-2507", "262K", "$2.00/M tokens", 1},
    {"Qwen3-Coder 480B", "Qwen/Qwen3-Coder-480B-A35B-Instruct", "262K", "$2.00/M tokens", 1},
    {"Qwen3-Next 80B Instruct", "Qwen/Qwen3-Next-80B-A3B-Instruct", "262K", "$0.30/M tokens", 1},
    {"Qwen3-Next 80B Thinking", "Qwen/Qwen3-Next-80B-A3B-Thinking", "262K", "$0.30/M tokens", 1},
    {"QwQ-32B", "Qwen/QwQ-32B", "131K", "$0.40/M tokens", 1},
    {"Llama 3.1 405B BASE", "meta-llama/Meta-Llama-3.1-405B", "131K", "$4.00/M tokens", 0},
};
#define ROWS (sizeof PAGE / sizeof *PAGE)

/* The page rounds: 131,072 tokens are "131K", and a price is for a million tokens. */
static void row(const hb_model_list *catalog, uint32_t i) {
    char context[32], price[64];
    int64_t pico_usd = hb_model_list_input_price_picousd(catalog, i);
    snprintf(context, sizeof context, "%ldK", (long)((hb_model_list_context(catalog, i) + 500) / 1000));
    snprintf(price, sizeof price, "$%ld.%02ld/M tokens", (long)(pico_usd / 1000000), (long)(pico_usd / 10000 % 100));
    check_text("the id", hb_model_list_id(catalog, i), PAGE[i].id);
    check_text("the name", hb_model_list_name(catalog, i), PAGE[i].name);
    check_text("the context", context, PAGE[i].context);
    check_text("the price", price, PAGE[i].price);
    check(pico_usd % 10000 == 0, "whole cents a million tokens", "%ld", (long)pico_usd);
    check(hb_model_list_output_price_picousd(catalog, i) == pico_usd, "one price for prompt and answer", "they differ");
    check_number("chat or base", hb_model_list_is_chat(catalog, i), PAGE[i].is_chat);
}

int main(void) {
    const hb_model_list *catalog = hb_catalog();
    uint32_t i;
    check_begin();
    check_number("as many models as on the page", hb_model_list_count(catalog), ROWS);
    for (i = 0; i < ROWS; i++) row(catalog, i);
    check_number("the list has a date", (long)strlen(hb_model_list_date(catalog)), (long)strlen("YYYY-MM-DD"));
    check_text("nothing behind the end", hb_model_list_id(catalog, (uint32_t)ROWS), "");
    return check_end();
}
