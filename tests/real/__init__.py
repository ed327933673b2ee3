"""The main job on real input: real media, real ffmpeg, real crashes."""
