/*
 * replay_main.c - makes a fuzz target a test under any compiler: runs it over
 * every file of the folders it is given.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int
replay(const char *path)
{
    FILE *in = fopen(path, "rb");
    struct stat st;
    uint8_t *data;
    size_t size;

    if (in == NULL || fstat(fileno(in), &st) != 0) {
        perror(path);
        return -1;
    }
    size = (size_t)st.st_size;
    data = malloc(size + 1);
    if (data == NULL || fread(data, 1, size, in) != size) {
        perror(path);
        return -1;
    }
    (void)fclose(in);
    (void)LLVMFuzzerTestOneInput(data, size);
    free(data);
    return 0;
}

int
main(int argc, char **argv)
{
    int count = 0;

    for (int i = 1; i < argc; i++) {
        DIR *dir = opendir(argv[i]);
        const struct dirent *entry;

        if (dir == NULL) {
            perror(argv[i]);
            return 1;
        }
        while ((entry = readdir(dir)) != NULL) {
            char path[4096];

            if (entry->d_name[0] == '.')
                continue;
            (void)snprintf(path, sizeof(path), "%s/%s", argv[i], entry->d_name);
            if (replay(path) != 0)
                return 1;
            count++;
        }
        (void)closedir(dir);
    }
    if (count == 0) {
        (void)fprintf(stderr, "nothing to replay\n");
        return 1;
    }
    (void)printf("%d inputs replayed\n", count);
    return 0;
}
