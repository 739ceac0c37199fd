/*
 * The mutator of sessions: it takes whole lines away, doubles, moves and swaps them, changes one byte or number of one,
 * and puts in lines that a module or a program might say. Now and then it leaves the work to libFuzzer's own.
 */
#include "fuzz.h"

#include <string.h>

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed);
size_t LLVMFuzzerCustomCrossOver(const uint8_t *one, size_t one_size, const uint8_t *two, size_t two_size, uint8_t *out,
                                 size_t max, unsigned seed);

static const char *const words[] = {
    "< \\r\\nOK\\r\\n\n",
    "< \\r\\nERROR\\r\\n\n",
    "< \\r\\nSEND OK\\r\\n\n",
    "< \\r\\nSEND FAIL\\r\\n\n",
    "< \\r\\n+CME ERROR: 10\\r\\n\n",
    "< \\r\\n> \n",
    ">*\n",
    "< \\r\\nRDY\\r\\n\n",
    "< \\r\\nPOWERED DOWN\\r\\n\n",
    "< \\r\\n+QIURC: \"pdpdeact\",1\\r\\n\n",
    "< \\r\\n+QIURC: \"recv\",0\\r\\n\n",
    "< \\r\\n+QIURC: \"recv\",0,4\\r\\nabcd\\r\\n\n",
    "< \\r\\n+QIURC: \"recv\",0,4,\"192.0.2.1\",7\\r\\nabcd\\r\\n\n",
    "< \\r\\n+QIURC: \"closed\",0\\r\\n\n",
    "< \\r\\n+QIURC: \"incoming\",11,0,\"192.0.2.1\",4000\\r\\n\n",
    "< \\r\\n+QIURC: \"incoming full\"\\r\\n\n",
    "< \\r\\n+QIURC: \"dnsgip\",0,2,60\\r\\n\n",
    "< \\r\\n+QIURC: \"dnsgip\",\"192.0.2.1\"\\r\\n\n",
    "< \\r\\n+QIURC: \"dnsgip\",565\\r\\n\n",
    "< \\r\\n+QIOPEN: 0,0\\r\\n\n",
    "< \\r\\n+QIOPEN: 0,563\\r\\n\n",
    "> AT+QIOPEN=\n",
    "> AT+QIRD=\n< \\r\\n+QIRD: 5\\r\\nhello\\r\\n\\r\\nOK\\r\\n\n",
    "> AT+QIRD=\n< \\r\\n+QIRD: 5,5,0\\r\\n\\r\\nOK\\r\\n\n",
    "> AT+QIRD=\n< \\r\\n+QIRD: 5,\"192.0.2.1\",7\\r\\nhello\\r\\n\\r\\nOK\\r\\n\n",
    "> AT+QISEND=\n< \\r\\n> \n>*\n< \\r\\nSEND FAIL\\r\\n\n",
    "> AT+QISEND=\n< \\r\\n+QISEND: 100,100,0\\r\\n\\r\\nOK\\r\\n\n",
    "> AT+QISTATE=\n< \\r\\n+QISTATE: 0,\"TCP\",\"192.0.2.1\",80,4000,2,1,0,0,\"uart1\"\\r\\n\\r\\nOK\\r\\n\n",
    "> AT+QICLOSE=\n",
    "> AT+CMEE?\n",
    "@ +0\n",
    "@ +100\n",
    "@ +3000\n",
    "@ +60000\n",
    "! run 100\n",
    "! run 10000\n",
    "! run 100000\n",
    "! socket 0 0\n",
    "! socket 1 2\n",
    "! socket 2 3\n",
    "! socket 3 1 6\n",
    "! bind 1 8080\n",
    "! listen 1 2\n",
    "! accept 1 4\n",
    "! connect 0 0 80\n",
    "! connect 2 1 7\n",
    "! send 0 100\n",
    "! send 0 4000\n",
    "! sendto 2 50 1 7\n",
    "! recv 0 1000\n",
    "! recvfrom 2 10\n",
    "! read 0 10\n",
    "! line 0 40\n",
    "! timeout 0 0\n",
    "! timeout 0 -1\n",
    "! option 0 4 1\n",
    "! option 0 1 5\n",
    "! poll 1000 5\n",
    "! event 0 257\n",
    "! event 1 8\n",
    "! close 0\n",
    "! resolve example.com\n",
    "! query example.com\n",
    "! cancel\n",
    "! at AT+CSQ\n",
    "! room 3\n",
    "! config 31\n",
    "! state 0\n",
    "! shutdown 5000\n",
};

static unsigned long long state;

static size_t pick(size_t below)
{
    state = state * 6364136223846793005ull + 1442695040888963407ull;
    return (size_t)(state >> 33) % (below > 0 ? below : 1);
}

struct piece {
    size_t at, len;
};

/* A line with its line feed, chosen evenly by place. */
static struct piece some_line(const uint8_t *data, size_t size)
{
    size_t at = pick(size);
    size_t end = at;

    while (at > 0 && data[at - 1] != '\n') {
        at--;
    }
    while (end < size && data[end] != '\n') {
        end++;
    }
    return (struct piece){at, end < size ? end + 1 - at : end - at};
}

static size_t put_in(uint8_t *data, size_t size, size_t max, size_t at, const void *bytes, size_t len)
{
    if (size + len > max) {
        return size;
    }
    memmove(data + at + len, data + at, size - at);
    memcpy(data + at, bytes, len);
    return size + len;
}

static size_t take_out(uint8_t *data, size_t size, struct piece piece)
{
    memmove(data + piece.at, data + piece.at + piece.len, size - piece.at - piece.len);
    return size - piece.len;
}

/* Copies a line to another place, or moves it there. */
static size_t carry(uint8_t *data, size_t size, size_t max, bool move)
{
    uint8_t line[2048];
    struct piece from = some_line(data, size);

    if (from.len > sizeof(line)) {
        return size;
    }
    memcpy(line, data + from.at, from.len);
    if (move) {
        size = take_out(data, size, from);
    }
    return put_in(data, size, max, some_line(data, size).at, line, from.len);
}

/* Another number in the place of one in a line, if there is one. */
static size_t change_number(uint8_t *data, size_t size, size_t max)
{
    static const char *const numbers[] = {"0",   "1",    "2",    "3",    "4",     "7",     "11",         "12",
                                          "100", "1460", "1500", "4096", "65535", "65536", "4294967295", "4294967296"};
    struct piece line = some_line(data, size);
    size_t at = line.at + pick(line.len);
    size_t end = line.at + line.len;
    size_t len = 0;
    const char *number = numbers[pick(sizeof(numbers) / sizeof(numbers[0]))];

    while (at < end && (data[at] < '0' || data[at] > '9')) {
        at++;
    }
    while (at + len < end && data[at + len] >= '0' && data[at + len] <= '9') {
        len++;
    }
    if (len == 0) {
        return size;
    }
    size = take_out(data, size, (struct piece){at, len});
    return put_in(data, size, max, at, number, strlen(number));
}

/* Bytes of a line lost, added or changed; or the line cut in two, as by two reads. */
static size_t change_bytes(uint8_t *data, size_t size, size_t max)
{
    struct piece line = some_line(data, size);
    size_t at = line.at + pick(line.len);

    if (line.len < 4 || at < line.at + 2 || data[at] == '\n') {
        return size;
    }
    switch (pick(4)) {
    case 0:
        return take_out(data, size, (struct piece){at, 1});
    case 1:
        return put_in(data, size, max, at, &data[line.at + pick(line.len - 1)], 1);
    case 2:
        data[at] = (uint8_t)(' ' + pick(95));
        return size;
    default:
        return data[line.at] == '<' ? put_in(data, size, max, at, "\n< ", 3) : size;
    }
}

static size_t mutate_once(uint8_t *data, size_t size, size_t max)
{
    const char *word = words[pick(sizeof(words) / sizeof(words[0]))];

    switch (pick(16)) {
    case 0:
    case 1:
        return take_out(data, size, some_line(data, size));
    case 2:
        return carry(data, size, max, false);
    case 3:
        return carry(data, size, max, true);
    case 4:
    case 5:
    case 6:
        return change_number(data, size, max);
    case 7:
    case 8:
    case 9:
        return change_bytes(data, size, max);
    case 10:
        return LLVMFuzzerMutate(data, size, max);
    default:
        return put_in(data, size, max, some_line(data, size).at, word, strlen(word));
    }
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed)
{
    state = seed;
    for (size_t rounds = 1 + pick(4); rounds > 0; rounds--) {
        size = mutate_once(data, size, max);
    }
    return size;
}

/* The beginning of one and the end of another, cut between lines. */
size_t LLVMFuzzerCustomCrossOver(const uint8_t *one, size_t one_size, const uint8_t *two, size_t two_size, uint8_t *out,
                                 size_t max, unsigned seed)
{
    struct piece head, tail;
    size_t rest;

    state = seed;
    head = some_line(one, one_size);
    tail = some_line(two, two_size);
    head.len = head.at < max ? head.at : max;
    rest = two_size - tail.at < max - head.len ? two_size - tail.at : max - head.len;
    memcpy(out, one, head.len);
    memcpy(out + head.len, two + tail.at, rest);
    return head.len + rest;
}
