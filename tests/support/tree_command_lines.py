"""Command lines on trees that the real xorriso and ours are both given. `@` is the folder they run in."""

from __future__ import annotations

UNORDERED = "~ "
"""Before a line: the order of output lines is that of the disk's directories, or of nothing."""

LISTING = r"""
-ls
-ls --
-ls '' --
-ls /nosuch --
-ls /nosuch /src2 --
-ls /src2 /src2 --
-ls '/src/*' --
-ls '/s*' --
-ls /src2 --
-lsl /src --
-lsl --
-lsl '/src2/*' /src/sub --
-lsl /src/sub /src2 /src/hello.txt --
-lsd --
-lsd '/src/h*' '/src/q*' --
-lsd /src/hello.txt/ /src/ / --
-lsd '*' '*/*' --
-lsd '/src/[!a-l]*' '/src/[^a-l]*' '/src/\h*' '/src/?a*' '/src/.*' --
-lsd '/*/*.txt' '/src//h*' '/src/../s*' '/src/./h*' --
-lsd '/src/[[:alpha:]]*' --
-lsd '/src/[a-' --
-lsd '/src/*\\*' --
-lsdl
-lsdl /src /src2/second.txt --
-cd /src -pwd -lsd 'h*' -- -ls -- -ls . -- -lsd ../src2 -- -lsd .. -- -cd .. -pwd -lsl sub --
-cd /src/sub -lsdl . .. ../link ../../src2 -- -lsl . --
-cd /src -lsd 'h*' 'e*' -- -lsd "it's" --
-cd /nosuch -pwd
-cd /nosuch -ls --
-cd /nosuch -lsd x --
-cd /nosuch -lsd /src --
-cd /nosuch -rm x --
-cd /nosuch -iso_rr_pattern off -rm x --
-cd /nosuch -chmod 0600 'x*' --
-cd /nosuch -mkdir x -- -mv x y -- -find /nosuch --
-cd /nosuch -mv /src2 y -- -find /nosuch --
-cd /nosuch -cp_clone /src2 y -- -find /nosuch --
-cd /nosuch -find x --
-cd /nosuch -du --
-cd /src/hello.txt -pwd
-cd src/sub/.. -pwd
-cd '' -pwd
-cd /src/../.. -pwd
-cd '/s*' -pwd
-cdx /nosuch -pwdx
-cdx src -pwdx -lsdx hello.txt --
-cdx src/hello.txt -pwdx
-cdx '' -pwdx
-cdx / -pwdx
-cdx 'src*'
-pwd -pwdx
-lsx src --
-lslx src --
-lsdlx src src2 --
-lsdx 'src/h*' --
-lsx nosuch --
-lsdx --
-cdx src/sub -lsx --
-lsdlx src/dirlink src/link src/broken --
-follow on -lsdlx src/dirlink src/link src/broken --
-follow param -lsdlx src/dirlink src/link src/broken --
-follow link -lsx src/dirlink --
-dux src --
-du /src --
-dus / --
-dusx src src2 --
-dux src/hello.txt nosuch --
-du /src/hello.txt /nosuch --
-du --
-cd /src -du sub --
-disk_pattern off -lsdx 'src/h*' --
-iso_rr_pattern off -lsd '/src/h*' --
-iso_rr_pattern ls -lsd '/src/h*' -- -rm '/src/h*' --
-iso_rr_pattern bogus -lsd '/src/h*' --
-getfacl /src2 /src2/second.txt --
-getfacl_r /src2 --
-getfattr /src2 --
-setfattr user.x 'a"b\c' /src2 -- -getfattr /src2 -- -setfattr_r user.y z /src -- -getfattr_r /src/sub --
-setfattr user.x y /src2 -- -setfattr -user.x '' /src2 -- -getfattr /src2 -- -setfattr '' v /src2 --
-setfacl 'u::rwx,u:1:rw,g::r,g:2:x,o::-,m::rw' /src2 -- -getfacl /src2 -- -lsdl /src2 --
-setfacl u:nosuchuser:rw /src2 --
-sh_style_result on -lsd "/src/it's" -- -pwd -find /src -name 'h*' -- -du /src/sub --
-pkt_output on -lsl /src2 -- -pwd -find /src2 --
"""

EDITING = r"""
-rm /src/hello.txt /src2 -- -ls /src2
-rm /src /src/link --
-rm_r /src '/src2/q*' -- -find / --
-rm_r '/src2/*' / -- -find / --
-rm_r '/*' -- -find / --
-rm_r '/src/sub/*' '/src/*' -- -find / --
-rmdir /src/empty_dir /src/sub /src/link /nosuch --
-rmdir /src/link --
-rm /nosuch --
-rm --
-rm '' --
-rm '/src2/[' --
-mv /src2 /new -- -find /new --
-mv /src2 /src -- -find /src/src2 --
-mv /src2/second.txt /src/hello.txt -- -find /src2 --
-mv /src/sub /src/hello.txt -- -find /src/hello.txt --
-mv /src/hello.txt /src2 /src/sub -- -find /src/sub --
-mv /src/hello.txt /src2 /nosuch -- -find / --
-mv /src/hello.txt /src2 /src/link -- -find / --
-mv /src /src/sub --
-mv /src /src --
-mv /src --
-mv '/src/h*' /src2 -- -find /src2 --
-mv '/src/h*' '/sr*2' -- -find /src2 --
-mv /nosuch /x --
-mv / /x --
-mv /src/hello.txt / -- -find / -maxdepth 1 --
-mv /src2/second.txt /a/b/c -- -find / -maxdepth 3 -name '?' --
-move /src2 /src/sub
-move /src2 /src/empty_dir
-overwrite on -move /src2 /src/sub -find /src/sub --
-overwrite off -move /src2/second.txt /src/empty
-move /src2 /src2/x
-move /src2 /x -find /x --
-move /nosuch /x
-move /src2 ''
-mkdir /a/b/c /src /src/hello.txt -- -find /a --
-mkdir a b '' -- -find / -maxdepth 1 --
-mkdir / --
-mkdir --
-mkdir 'x*' --
-lns 'abc def' /new/link -lsd /new/link --
-lns abc /src
-lns abc ''
-clone /src2 /x -find /x -exec lsdl --
-clone /src2 /src
-clone /nosuch /x
-clone /src2 /src2/a -find /src2 --
-cp_clone /src2 /src/hello.txt /x -- -find /x --
-cp_clone /src2 /src -- -cp_clone /src2 /src -- -find /src/src2 --
-cp_clone /src2 --
-chmod 0644 /src2 -- -lsdl /src2 --
-chmod 644 /src2 -- -lsdl /src2 --
-chmod 07755 /src2 -- -lsdl /src2 --
-chmod u+s,g=t,o-rwx /src2 -- -lsdl /src2 --
-chmod a+X /src2 -- -lsdl /src2 --
-chmod 0600 /nosuch --
-chmod 0600 '/src2/*' '/src/q*' -- -lsdl /src2/second.txt --
-chmod 0600 --
-chmod_r go-rwx /src2 -- -find /src2 -exec lsdl --
-chmod_r q /src2 --
-chown 77 /src2 -- -lsdl /src2 --
-chown daemon /src2 -- -lsdl /src2 --
-chown nosuchuser /src2 --
-chown -5 /src2 -- -lsdl /src2 --
-chown 99999999999 /src2 -- -lsdl /src2 --
-chown '' /src2 --
-chown_r 5 /src2 -- -find /src2 -exec lsdl --
-chgrp users /src2 -- -lsdl /src2 --
-chgrp nosuchgroup /src2 --
-chgrp_r 55 /src2 -- -find /src2 -exec lsdl --
-alter_date x +0 /src2 --
-alter_date m +0 --
-alter_date m +0 /nosuch --
-alter_date_r b =1000000000 /src2 -- -find /src2 -exec lsdl --
-alter_date c =1000000000 /src2/second.txt -- -compare src2/second.txt /src2/second.txt
-alter_date m-c =1000000000 /src2/second.txt -- -compare src2/second.txt /src2/second.txt
-chmod 0600 /src2/second.txt -- -changes_pending show_status
-mkdir /src -- -changes_pending show_status -rm /nosuch -- -changes_pending show_status
-add -- -changes_pending show_status -cd / -changes_pending show_status
-find /src -exec chmod 0755 -- -changes_pending show_status
-move /src /srd -changes_pending show_status
-find /src -name nosuch -exec rm -- -changes_pending show_status
"""

INSERTING = r"""
-add src/hello.txt src/sub -- -find / --
-add --
-add @/src/link src/dirlink/one -- -find / --
-add src/nosuch src/hello.txt --
-add src src2 -- -add src -- -map src2 /src2 -find / --
-add src/./hello.txt src//hello.txt ./src/hello.txt src/hello.txt/ -- -find / --
-add ../nosuch --
-add 'src/h*'
-disk_pattern on -add 'src/hello*' 'q*' -- -find / --
-map src /
-map src /a/b/c -find / --
-map src '' -find / --
-map '' /x
-map src/hello.txt ''
-map src/hello.txt /
-map src/hello.txt rel/x -lsd rel/x --
-map src/hello.txt /x/ -find / --
-map src/hello.txt /x/. -find / --
-map src/hello.txt /x/../y -find / --
-map src/../src2 /x/../y -find / --
-map / /x
-map_single src /d -find / --
-map_single src/hello.txt /d -find / --
-map_l src /x src/sub src/hello.txt src2 -- -find / --
-map_l src/ /x src/sub -- -find / --
-map_l . /x src/sub -- -find / --
-map_l /src /x src/sub --
-map_l src '' src/sub -- -find / --
-map_l src
-map_l src /x --
-disk_pattern on -map_l src2 /src3 'src2/*' -- -find / --
-map_l src /x 'src2/*'
-cpr src /x -- -find / -maxdepth 2 --
-cpr src src2 /x -- -find / -maxdepth 2 --
-cpr src/hello.txt /x/ -- -find / --
-cpr src/hello.txt --
-mkdir /x -- -cpr src2 src/hello.txt /x -- -find / --
-mkdir /x -- -cpr src2 src2/. /x -- -find / --
-cpr src2 '/x*' --
-map src/hello.txt /f -map src /f -find / -maxdepth 2 --
-map src/hello.txt /f -map src/hello.txt /f/g -find / --
-map src /d -map src/hello.txt /d
-overwrite nondir -map src2 /d -map src/hello.txt /d
-overwrite off -map src2 /d -map src2 /d
-overwrite off -map src/empty /f -map src2 /f/g
-overwrite on -map src2 /d -map src/hello.txt /d -find / --
-follow link -map src /d -find /d -exec lsdl --
-follow param -map src/dirlink /d -find /d -exec lsdl --
-follow on -map src/dirlink /d -find /d -exec lsdl --
-pathspecs on -add /a/b=src/hello.txt 'c\=d=src2' src2 '=src2' -- -find / --
-pathspecs on -add 'x=' --
-pathspecs as_mkisofs -add /a/b=src/hello.txt 'c\=d=src2' src2 'e\\f=src2' -- -find / --
-not_leaf '*.o' -not_paths src/sub/deep -- -map src /d -find / -type f --
-not_paths src/sub -- -map src/sub /d -map src/sub/deep /d -find / -type f --
-not_leaf 'h*' -map src/hello.txt /d -add src/hello.txt -- -find / -type f --
-not_mgt param_off -not_leaf 'h*' -map src/hello.txt /d -not_mgt off -map src/hello.txt /d2 -not_mgt bogus
-not_mgt erase:reset:subtree_off:ignore_off -not_mgt ''
-not_mgt param_on -not_leaf 'src*' -add src2 src/sub -- -map src2 /x -find / --
-not_mgt param_on:subtree_on -not_paths src -- -add src2 src/sub -- -find / --
-not_leaf '*.o' -not_mgt erase -map src/sub /s -find /s --
-not_list nosuch
-not_list not.lst -map src/sub /s -find /s --
-quoted_not_list not.lst -map src/sub /s -find /s --
-path_list add.lst -find / --
-quoted_path_list quoted.lst -find / --
-path_list nosuch
-path_list src
-path_list quoted.lst
-file_size_limit 50k -- -map src /d
-cd /k -map src2 j -find / --
-map src/sub/one /A/B/C -find / --
-map src/dirlink/one /a/b -lsdl /a --
-map src2 /d -chmod 0700 /d -- -map src2 /d -lsdl /d --
-map src /d -chmod 0700 /d/sub -- -map src /d -lsdl /d/sub --
-map src2/second.txt /x -map src2/second.txt /y -find / -exec report_lba --
-find / -exec lsdl --
"""

FINDING = r"""
-find
-find --
-find /nosuch --
-find /src2 /src/sub --
-find '/s*' -maxdepth 0 --
-find /src -name 'h*' --
-find /src -name h --
-find / -wholename '*sub*' --
-find / -wholename '/src/*/d1' --
-find / -type f -name '*e*' -or -type l --
-find / -type q --
-find / -type X --
-find / -type '' --
-find / -type m --
-find / -type pipe --
-find / -not -type f -and -not -type d --
-find / '(' -name 'h*' -or -name 'l*' ')' -type l --
-find / '(' -name 'h*' --
-find / -name 'h*' -or --
-find / -not --
-find / -name --
-find / -bogus --
-find / -exec bogus --
-find / -exec --
-find / -exec chmod --
-find / -maxdepth x --
-find / -maxdepth -1 --
-find / -maxdepth --
-find / -maxdepth 1 -mindepth 1 --
-find / -mindepth 3 --
-find /src -prune -name 'h*' --
-find / -name src -prune --
-find / -name src -prune -or -type f --
-find / -not -name src -prune --
-find / -if -name 'h*' -then -true -elseif -name 'l*' -then -decision yes -else -false -endif --
-find / -if -name 'h*' -then -decision no -endif -type f --
-find /src/sub -if -type f -then -name one -else -name deep -endif --
-find /src/sub -if -type f -then --
-find /src/sub -if --
-find /src/sub -not -if -name one -then -true -endif --
-find / -decision yes -false --
-find / -decision maybe --
-find / -false --
-find /src/sub -false -or -decision yes --
-find /src/sub -false -and -decision yes --
-find /src/sub -type d -and -name one -or -name deep --
-find /src/sub -not -not -name one --
-find /src/sub -sub -name one -subend -or -name deep --
-find /src/sub -not '(' -name one -or -name deep ')' --
-find /src/sub -use_pattern off -name 'o*' --
-find /src/sub -use_pattern x -name 'o*' --
-find /src/sub -name '[' --
-find /src/sub -wholename '/src/[' --
-find / -name_limit_blocker 1 --
-find / -pending_data --
-map src2 /pend -find / -pending_data --
-find / -lba_range 100 5 --
-find / -lba_range -100 5 -type f --
-find / -type f -exec report_lba --
-find / -exec report_sections --
-find / -has_xattr --
-setfattr user.x y /src2 -- -find / -has_xattr -- -find / -has_aaip --
-find / -has_no_acl -maxdepth 1 --
-find / -hidden off -maxdepth 1 --
-find / -hidden bogus --
-find / -sort_lba -type f --
-cd /src -find . -name 'h*' --
-cd /src -find sub --
-cd /src -find --
-cd /src -find ../src2 --
-find /src/sub/ --
-find /src/sub/. --
-find //src//sub --
-find / -type f -exec check_md5 SORRY --
-find / -type f -has_md5 -name 'h*' -exec get_md5 --
-find /src2 -exec chmod 0600 -- -find /src2 -exec lsdl --
-find /src2 -exec chmod_r 0600 -- -find /src2 -exec lsdl --
-find /src2 -exec chmod q --
-find /src2 -exec chown q --
-find /src2 -exec chgrp users -- -find /src2 -exec lsdl --
-find /src2 -exec mkisofs_r -- -find /src2 -exec lsdl --
-find /src2 -exec alter_date m '2001.02.03' -- -find /src2 -exec lsdl --
-find /src2 -exec alter_date x '2001.02.03' --
-find /src2 -exec alter_date m x --
-find /src2 -exec alter_date m --
-find /src2 -exec set_to_mtime -- -find /src2 -exec lsdl --
-find /src/sub -exec rm -- -find /src/sub --
-find /src/sub -type f -exec rm -- -find /src/sub --
-find / -exec rm_r -- -find / --
-find /src -type d -exec find -name 'o*' -exec lsdl --
-find /src -type d -exec find -name 'o*' --
-find /src2 -exec getfacl --
-find /src2 -exec compare src2 --
-find /src2 -exec show_stream --
-map src2 /pend -find /pend -exec show_stream -- -find /pend -disk_path src2/second.txt --
-find /src/sub -exec lsdl -name one --
-findx
-findx nosuch --
~ -findx src -type f --
~ -findx --
~ -findx src -type d -exec lsdl --
~ -follow link -findx src/dirlink --
~ -follow link -findx src --
~ -findx src/sub/../sub -maxdepth 1 --
~ -cdx src -findx . -maxdepth 1 --
-findx src2 -exec in_iso /src2 --
-findx src2 -exec in_iso /nosuch --
-findx src2 -exec not_in_iso /nosuch --
-findx src2 -exec chmod 0600 --
-findx src2 -exec is_full_in_iso / --
-findx src2 -exec empty_iso_dir / --
-findx src2 -exec add_missing /nosuch -- -find /nosuch --
-findx src -has_md5 --
~ -findx src -name '*e*' -or -type p --
~ -not_leaf 'h*' -findx src -type f --
~ -not_paths src/sub -- -findx src -type f --
-findx src -exec bogus --
"""

COMPARING = r"""
-compare src2 /src2
-compare_r src /src
~ -compare changed /src
~ -compare_r changed /src
-compare_r nosuch /src2
-compare_r src2 /nosuch
-compare src2 ''
-compare nosuch /nosuch
-compare_r nosuch /nosuch
-compare_l src2 /src2 src2 --
-compare_l src /src2 src2 --
-compare_l src2
-compare src/hello.txt /src/rand.bin
-compare src/hello.txt /src/link
-not_leaf 'h*' -compare_r src /src
-not_leaf 'h*' -not_mgt ignore_on -compare_r src /src
-cdx src2 -compare second.txt /src2/second.txt
-cd /src2 -compare src2/second.txt second.txt
-update src2 /src2 -changes_pending show_status
-update_r src /src -changes_pending show_status
-update changed /src
~ -update_r changed /src -compare_r changed /src -changes_pending show_status
-update_r nosuch /src2 -find / -maxdepth 1 --
-update_r src2 /nosuch -find /nosuch --
-update src2 /nosuch -find /nosuch --
-update_r src2 ''
-update nosuch /nosuch
-update_r nosuch /nosuch
-update nosuch /src2/second.txt
-update src2 /src2/second.txt -find /src2 --
-update_r src2/second.txt /src2 -find /src2 --
-update_l src2 /src2 src2 --
-update_l src /src2 src2 --
-update_l src2 /src2
~ -update_li /src changed /src/sub /src/hello.txt --
-update_r changed/empty /src/empty -lsl /src/empty --
~ -not_leaf 'h*' -update_r changed /src
-md5 on -update_r src /src
"""

EXTRACTING = r"""
-extract /src2 out
-osirrox on -extract /src2 out
-osirrox on -extract /src2/second.txt out/a/b
-osirrox on -extract /src/ out/
-osirrox on -extract / out
-osirrox on -extract_single / out
-osirrox on -extract_single /src2 out/x
-osirrox on -extract_single /src2/second.txt out
-osirrox on -extract /nosuch out
-osirrox on -extract /src2 ''
-osirrox on -extract_l /src out /src/sub /src/hello.txt --
-osirrox on -extract_l / out /src2 --
-osirrox on -extract_l /src out '/src/h*' --
-osirrox on -extract_l /src out /src2x --
-osirrox on -extract /src2 out -extract /src2 out -overwrite off -extract /src2 out
-osirrox on -extract /src2/second.txt out -overwrite off -extract /src2/second.txt out
-osirrox on -extract_single /src2 out -extract /src2/second.txt out
-osirrox on -extract /src/bdev out/bd -extract /src/fifo out/ff
-osirrox on -extract /src/sock out/sock -extract /src/link out/link
-osirrox on:device_files -extract /src/bdev out/bd
-osirrox on -map src2 /s -extract /s out/pend
-not_leaf 'h*' -osirrox on -extract /src out
-osirrox on -cpx /src/hello.txt @/out --
-osirrox on -cpx /src/hello.txt /src2/second.txt @/out --
-osirrox on -cpx /src2 @/out --
-osirrox on -cp_rx /src2 @/out --
-osirrox on -cp_rx /src2 /src/sub @/out --
-osirrox on -cp_rax /src2 @/out --
-osirrox on -cpax /src/sub/one @/out --
-osirrox on -cpx /src/sub/one --
-osirrox on -cpx /nosuch @/out --
-osirrox on -cpx '/src/h*' @/out --
-osirrox on -paste_in /src/hello.txt out 0 5
-osirrox on -paste_in /src/hello.txt out 10 500
-osirrox on -concat append out /src/hello.txt /src2/second.txt --
-osirrox on -concat overwrite - /src --
-osirrox on -concat append - /nosuch --
-osirrox on -concat append
-osirrox bogus
-osirrox banned -osirrox on
-osirrox blocked -osirrox on -osirrox unblock
-osirrox blocked -osirrox unblock
-osirrox off -osirrox on:device_files -osirrox concat_split_off:auto_chmod_on
-osirrox o_excl_off:strict_acl_on:check_md5_force:sparse=1m
-osirrox ''
-osirrox on:bogus
"""

WITHOUT_IMAGE = r"""
-ls /x --
-lsd x --
-du / --
-pwd
-cd x
-find / --
-find / -exec chmod 0600 --
-add src2 --
-map src2 /x
-map_single src2 /x
-map_l src2 /x src2 --
-cpr src2 /x --
-mkdir x --
-lns a /b
-rm /x --
-rm_r /x --
-rmdir /x --
-mv /x /y --
-move /x /y
-clone /x /y
-cp_clone /x /y --
-chmod 0600 /x --
-chown 0 /x --
-alter_date m +0 /x --
-setfattr user.x y /x --
-getfacl /x --
-getfattr /x --
-compare_l src2 /x src2 --
-update_l src2 /x src2 --
-osirrox on -extract /x out
-osirrox on -extract_l / out /x --
-osirrox on -cpx /x @/out --
-osirrox on -concat append - /x --
-lsx src2 --
-findx src2 --
-findx src2 -exec in_iso / --
-not_leaf x -not_paths src --
"""

COMMITS = r"""
-add src src2 --
-map src / -chmod_r go-w /sub -- -alter_date_r b =1500000000 / --
-map src /d -rm_r /d/sub -- -mv /d/hello.txt /moved -- -lns ../x /d/newlink -mkdir /d/new/dirs --
-add src -- -find /src -type f -exec chmod 0400 -- -find / -exec mkisofs_r --
-follow link -map src /deref -cpr src2 src/sub /deref/more --
-map src /a -clone /a /b -rm_r /a/sub -- -chown_r 7 /b -- -chgrp_r 8 /b/sub --
-not_leaf '*.o' -add src -- -setfattr_r user.k v /src/sub --
-map src /x -update_r changed /x
-acl on -map with_attributes /x -getfattr_r /x -- -getfacl_r /x -- -compare_r with_attributes /x
-for_backup -map with_attributes /x -map src /y -setfacl_r u::rwx,g::rx,o::-,u:5:r,m::rx /y/sub --
"""

DATES = """
=0
=1194531416
=12.7
=x
Thu Nov 8 14:51:13 CET 2007
Jul 8 14:51:13 2007
8 Nov 2007
Nov 8 14
nov 8 14:51:13 2007
110814512007.13
1108145107
1108145170
11081451
13011451
022914512007
2013.11.27
2013.11.27.103951
2020.02.31
2020.13.01
2013.12.31.24
B31127
B31127.2360
B31127.10
991231
2013010720574700
2013010720574700LOC
2013070720574700LOC
2013130720574700
2013010725574700
"""
"""Words for times, good ones and bad ones, none of which depends on the time of day."""
