/* How the chat looks. Nothing of the library is in here. */
#include "chat.h"

enum { MARGIN = 16, PADDING = 10, BOX_HEIGHT = 44 };

static const SDL_Color BACKGROUND = {24, 26, 31, 255}, BOX = {46, 50, 60, 255}, MINE = {42, 82, 140, 255},
                       TEXT = {232, 234, 240, 255}, FAINT = {140, 146, 158, 255}, RED = {240, 120, 110, 255};

int window_open(struct chat *chat, const char *font) {
    if (SDL_Init(SDL_INIT_VIDEO) != 0 || TTF_Init() != 0) return -1;
    chat->window = SDL_CreateWindow("chat", SDL_WINDOWPOS_CENTERED, SDL_WINDOWPOS_CENTERED, 720, 480,
                                    SDL_WINDOW_RESIZABLE);
    if (chat->window == NULL) return -1;
    chat->renderer = SDL_CreateRenderer(chat->window, -1, 0);
    chat->font = TTF_OpenFont(font, 16);
    chat->small = TTF_OpenFont(font, 12);
    if (chat->renderer == NULL || chat->font == NULL || chat->small == NULL) return -1;
    SDL_StartTextInput();
    return 0;
}

/* The textures go with their renderer. */
void window_close(struct chat *chat) {
    if (chat->font != NULL) TTF_CloseFont(chat->font);
    if (chat->small != NULL) TTF_CloseFont(chat->small);
    if (chat->renderer != NULL) SDL_DestroyRenderer(chat->renderer);
    if (chat->window != NULL) SDL_DestroyWindow(chat->window);
    if (TTF_WasInit()) TTF_Quit();
    SDL_Quit();
}

static void fill(struct chat *chat, SDL_Color color, SDL_Rect area) {
    SDL_SetRenderDrawColor(chat->renderer, color.r, color.g, color.b, color.a);
    SDL_RenderFillRect(chat->renderer, &area);
}

/* Text as a texture, at most so wide; NULL for what cannot be drawn, such as no text. */
static SDL_Texture *drawn(struct chat *chat, TTF_Font *font, const char *text, SDL_Color color, int width) {
    SDL_Surface *surface = TTF_RenderUTF8_Blended_Wrapped(font, text, color, (Uint32)width);
    if (surface == NULL) return NULL;
    SDL_Texture *texture = SDL_CreateTextureFromSurface(chat->renderer, surface);
    SDL_FreeSurface(surface);
    return texture;
}

/* Puts a texture with its left lower corner at x, y; how wide it is. */
static int put(struct chat *chat, SDL_Texture *texture, int x, int y) {
    SDL_Rect area = {x, y, 0, 0};
    if (SDL_QueryTexture(texture, NULL, NULL, &area.w, &area.h) != 0) return 0;
    area.y -= area.h;
    SDL_RenderCopy(chat->renderer, texture, NULL, &area);
    return area.w;
}

/* What is being typed, its end in sight, with a caret behind it. */
static void draw_line(struct chat *chat, int width, int height) {
    SDL_Rect box = {MARGIN, height - MARGIN - BOX_HEIGHT, width - 2 * MARGIN, BOX_HEIGHT};
    SDL_Rect inside = {box.x + PADDING, box.y, box.w - 2 * PADDING, box.h};
    int text_width = 0, text_height = TTF_FontHeight(chat->font);
    SDL_Surface *surface = TTF_RenderUTF8_Blended(chat->font, chat->line, TEXT);
    fill(chat, BOX, box);
    SDL_RenderSetClipRect(chat->renderer, &inside);
    if (surface != NULL) {
        SDL_Texture *texture = SDL_CreateTextureFromSurface(chat->renderer, surface);
        text_width = surface->w;
        int hidden = SDL_max(0, text_width + 4 - inside.w);
        if (texture != NULL) put(chat, texture, inside.x - hidden, box.y + (BOX_HEIGHT + text_height) / 2);
        SDL_DestroyTexture(texture);
        SDL_FreeSurface(surface);
    }
    SDL_Rect caret = {inside.x + SDL_min(text_width, inside.w - 4) + 2, box.y + 12, 2, BOX_HEIGHT - 24};
    fill(chat, TEXT, caret);
    SDL_RenderSetClipRect(chat->renderer, NULL);
}

/* What can be done now, or what went wrong; answers where the space above it ends. */
static int draw_notice(struct chat *chat, int width, int bottom) {
    int bad = chat->notice[0] != '\0';
    const char *text = bad ? chat->notice : chat->op != 0 ? "Esc stops the answer" : "Enter sends";
    SDL_Texture *texture = drawn(chat, chat->small, text, bad ? RED : FAINT, width - 2 * MARGIN);
    int height = 0;
    if (texture == NULL) return bottom;
    SDL_QueryTexture(texture, NULL, NULL, NULL, &height);
    put(chat, texture, MARGIN, bottom - 6);
    SDL_DestroyTexture(texture);
    return bottom - height - 18;
}

/* Questions stand on the right, answers on the left; answers where the space above it ends. */
static int draw_turn(struct chat *chat, struct turn *turn, int width, int bottom) {
    SDL_Rect area = {MARGIN, bottom, 0, 0};
    const char *text = turn->len > 0 ? turn->text : "…";
    if (turn->texture == NULL) turn->texture = drawn(chat, chat->font, text, TEXT, width * 3 / 4);
    if (turn->texture == NULL) return bottom;
    SDL_QueryTexture(turn->texture, NULL, NULL, &area.w, &area.h);
    area.w += 2 * PADDING;
    area.h += 2 * PADDING;
    area.y -= area.h;
    if (turn->mine) area.x = width - MARGIN - area.w;
    fill(chat, turn->mine ? MINE : BOX, area);
    put(chat, turn->texture, area.x + PADDING, bottom - PADDING);
    return area.y - PADDING;
}

/* From the bottom up: the latest is always in sight. */
void window_draw(struct chat *chat) {
    int width = 0, height = 0;
    SDL_GetRendererOutputSize(chat->renderer, &width, &height);
    SDL_Rect all = {0, 0, width, height};
    fill(chat, BACKGROUND, all);
    int bottom = draw_notice(chat, width, height - MARGIN - BOX_HEIGHT);
    for (int i = chat->turn_count - 1; i >= 0 && bottom > 0; i--) {
        bottom = draw_turn(chat, &chat->turns[i], width, bottom);
    }
    draw_line(chat, width, height);
    SDL_RenderPresent(chat->renderer);
}

int window_save(struct chat *chat, const char *bmp_file) {
    int width = 0, height = 0;
    window_draw(chat);
    SDL_GetRendererOutputSize(chat->renderer, &width, &height);
    SDL_Surface *surface = SDL_CreateRGBSurfaceWithFormat(0, width, height, 24, SDL_PIXELFORMAT_RGB24);
    if (surface == NULL) return -1;
    int result = SDL_RenderReadPixels(chat->renderer, NULL, SDL_PIXELFORMAT_RGB24, surface->pixels, surface->pitch);
    if (result == 0) result = SDL_SaveBMP(surface, bmp_file);
    SDL_FreeSurface(surface);
    return result;
}
