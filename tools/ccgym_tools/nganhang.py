"""Hệ thống nghiệp vụ của một ngân hàng: the back office of a bank in Vietnam, which does what it is told.

Whether a change is allowed is the agent's business, and the rules of the SOP tell whether it was.
"""

from __future__ import annotations

from typing import Any

from ccgym.errors import ToolError

Tables = dict[str, Any]
ISSUE_FEE = {"thuong": 50_000, "uu_tien": 25_000, "cao_cap": 0}
"""Fee of a new card, in đồng, by segment."""


def xac_thuc(state: Tables, so_tai_khoan: str, so_giay_to: str) -> dict[str, Any]:
    """Compare the digits with the identity document on the owner's file."""
    return {"khop": _owner(state, so_tai_khoan)["so_giay_to"] == so_giay_to}


def xac_thuc_otp(state: Tables, so_tai_khoan: str, ma_otp: str) -> dict[str, Any]:
    """Compare a code with the one that was sent to the number on file."""
    return {"khop": _owner(state, so_tai_khoan)["ma_otp"] == ma_otp}


def tra_cuu_uy_quyen(state: Tables, so_tai_khoan: str, so_giay_to: str, *, ctx: Any) -> dict[str, Any]:
    """What somebody who is not the owner may have done, and until when."""
    _account(state, so_tai_khoan)
    paper = state["uy_quyen"].get(f"{so_tai_khoan}-{so_giay_to}")
    if paper is None:
        return {"hieu_luc": False, "pham_vi": []}
    valid = paper["den_ngay"] >= ctx.now[:10]
    return {"hieu_luc": valid, "pham_vi": paper["pham_vi"] if valid else [], "den_ngay": paper["den_ngay"]}


def tra_cuu_tai_khoan(state: Tables, so_tai_khoan: str) -> dict[str, Any]:
    """The account with what of its owner matters to decisions."""
    account, owner = _account(state, so_tai_khoan), _owner(state, so_tai_khoan)
    shown = ("ho_ten", "phan_khuc", "tinh_trang", "lan_mien_phi", "doi_thong_tin", "dia_chi")
    return {**{name: account[name] for name in account if name != "chu"}, "chu": {name: owner[name] for name in shown}}


def tra_cuu_the(state: Tables, so_tai_khoan: str, so_the: str) -> dict[str, Any]:
    """A card, and what a new one in its place costs."""
    fee = ISSUE_FEE[_owner(state, so_tai_khoan)["phan_khuc"]]
    return {**_card(state, so_tai_khoan, so_the), "phi_phat_hanh_lai": fee}


def liet_ke_giao_dich(state: Tables, so_tai_khoan: str) -> list[dict[str, Any]]:
    """The account's transactions in short, the latest first."""
    _account(state, so_tai_khoan)
    own = [(key, row) for key, row in state["giao_dich"].items() if row["so_tai_khoan"] == so_tai_khoan]
    short = ("loai", "so_tien", "luc", "trang_thai", "doi_tac")
    return [
        {"ma_giao_dich": key, **{name: row[name] for name in short}}
        for key, row in sorted(own, key=lambda item: item[1]["luc"], reverse=True)
    ]


def tra_cuu_giao_dich(state: Tables, so_tai_khoan: str, ma_giao_dich: str) -> dict[str, Any]:
    """One transaction, and the dispute over it."""
    return {**_transaction(state, so_tai_khoan, ma_giao_dich), "khieu_nai": state["khieu_nai"].get(ma_giao_dich)}


def tra_cuu_phi(state: Tables, so_tai_khoan: str) -> list[dict[str, Any]]:
    """The fees that were taken from the account."""
    _account(state, so_tai_khoan)
    own = [(key, row) for key, row in state["phi"].items() if row["so_tai_khoan"] == so_tai_khoan]
    return [{"ma_phi": key, **{name: row[name] for name in row if name != "so_tai_khoan"}} for key, row in own]


def tam_khoa_the(state: Tables, so_tai_khoan: str, so_the: str, ly_do: str) -> dict[str, Any]:
    """Suspend a card."""
    _card(state, so_tai_khoan, so_the).update(tinh_trang="tam_khoa", ly_do_khoa=ly_do)
    return {"tinh_trang": "tam_khoa"}


def mo_khoa_the(state: Tables, so_tai_khoan: str, so_the: str) -> dict[str, Any]:
    """Unlock a card, whatever it was locked for."""
    _card(state, so_tai_khoan, so_the).update(tinh_trang="hoat_dong", ly_do_khoa="")
    return {"tinh_trang": "hoat_dong"}


def phat_hanh_lai_the(state: Tables, so_tai_khoan: str, so_the: str, phi: int) -> dict[str, Any]:
    """Cancel the card for good, order a new one, and take the fee that was given."""
    card = _card(state, so_tai_khoan, so_the)
    if not card.get("phat_hanh_lai"):
        card.update(tinh_trang="da_huy", phat_hanh_lai=True)
        _account(state, so_tai_khoan)["so_du"] -= phi
    return {"trang_thai": "dang_phat_hanh", "phi_da_thu": phi, "gui_den": _owner(state, so_tai_khoan)["dia_chi"]}


def doi_han_muc_the(state: Tables, so_tai_khoan: str, so_the: str, han_muc: int) -> dict[str, Any]:
    """Write the card's daily limit."""
    _card(state, so_tai_khoan, so_the)["han_muc_ngay"] = han_muc
    return {"han_muc_ngay": han_muc}


def dat_lai_pin(state: Tables, so_tai_khoan: str, so_the: str) -> dict[str, Any]:
    """Forget the wrong PINs, and open the card if they had locked it."""
    card = _card(state, so_tai_khoan, so_the)
    card["so_lan_sai_pin"] = 0
    if card["ly_do_khoa"] == "sai_pin":
        card.update(tinh_trang="hoat_dong", ly_do_khoa="")
    return {"so_lan_sai_pin": 0, "tinh_trang": card["tinh_trang"]}


def yeu_cau_thu_hoi(state: Tables, so_tai_khoan: str, ma_giao_dich: str, phi: int) -> dict[str, Any]:
    """Ask the receiving side to send a transfer back, and take the fee that was given."""
    transfer = _transaction(state, so_tai_khoan, ma_giao_dich)
    if not transfer.get("thu_hoi"):
        transfer["thu_hoi"] = "da_gui"
        _account(state, so_tai_khoan)["so_du"] -= phi
    return {"thu_hoi": "da_gui", "phi_da_thu": phi}


def huy_lenh_hen_gio(state: Tables, so_tai_khoan: str, ma_giao_dich: str) -> dict[str, Any]:
    """Cancel a transfer, whether or not it has run."""
    _transaction(state, so_tai_khoan, ma_giao_dich)["trang_thai"] = "da_huy"
    return {"trang_thai": "da_huy"}


def doi_han_muc_chuyen_khoan(state: Tables, so_tai_khoan: str, kenh: str, han_muc: int) -> dict[str, Any]:
    """Write the daily limit of a channel."""
    _account(state, so_tai_khoan)["han_muc"][kenh] = han_muc
    return {"kenh": kenh, "han_muc": han_muc}


def mo_khieu_nai(
    state: Tables, so_tai_khoan: str, ma_giao_dich: str, loai: str, ma_chung_tu: str = ""
) -> dict[str, Any]:
    """Open a dispute over a transaction; one that is open is only rewritten, and keeps what was credited."""
    _transaction(state, so_tai_khoan, ma_giao_dich)
    credited = state["khieu_nai"].get(ma_giao_dich, {}).get("tam_hoan", 0)
    dispute = {"loai": loai, "chung_tu": ma_chung_tu, "trang_thai": "dang_xu_ly", "tam_hoan": credited}
    state["khieu_nai"][ma_giao_dich] = dispute
    return {"trang_thai": "dang_xu_ly", "han_tra_loi": "45 ngày"}


def tam_hoan_tien(state: Tables, so_tai_khoan: str, ma_giao_dich: str, so_tien: int) -> dict[str, Any]:
    """Credit a sum for the time of the dispute."""
    account = _account(state, so_tai_khoan)
    dispute = state["khieu_nai"].get(ma_giao_dich)
    if dispute is None:
        raise ToolError(f"Giao dịch {ma_giao_dich} chưa có khiếu nại.", "khong_tim_thay")
    account["so_du"] += so_tien - dispute["tam_hoan"]
    dispute["tam_hoan"] = so_tien
    return {"tam_hoan": so_tien}


def hoan_phi(state: Tables, so_tai_khoan: str, ma_phi: str) -> dict[str, Any]:
    """Give a fee back, and count it among the year's waivers."""
    fee = state["phi"].get(ma_phi)
    if fee is None or fee["so_tai_khoan"] != so_tai_khoan:
        raise ToolError(f"Không có khoản phí {ma_phi} trên tài khoản này.", "khong_tim_thay")
    if not fee["da_hoan"]:
        fee["da_hoan"] = True
        _account(state, so_tai_khoan)["so_du"] += fee["so_tien"]
        _owner(state, so_tai_khoan)["lan_mien_phi"] += 1
    return {"da_hoan": fee["so_tien"]}


def doi_so_dien_thoai(state: Tables, so_tai_khoan: str, so_dien_thoai: str, *, ctx: Any) -> dict[str, Any]:
    """Write the number that codes are sent to."""
    _owner(state, so_tai_khoan).update(dien_thoai=so_dien_thoai, doi_thong_tin=ctx.now)
    return {"da_luu": True}


def doi_dia_chi(state: Tables, so_tai_khoan: str, dia_chi: str, *, ctx: Any) -> dict[str, Any]:
    """Write the address of the owner."""
    _owner(state, so_tai_khoan).update(dia_chi=dia_chi, doi_thong_tin=ctx.now)
    return {"da_luu": True, "dia_chi": dia_chi}


def khoa_ngan_hang_so(state: Tables, so_tai_khoan: str) -> dict[str, Any]:
    """Close every online channel of the account."""
    _account(state, so_tai_khoan)["ngan_hang_so"] = "tam_khoa"
    return {"ngan_hang_so": "tam_khoa"}


def chuyen_bo_phan(state: Tables, bo_phan: str, ly_do: str) -> dict[str, Any]:
    """Hand the talk over. It ends for this agent."""
    state["chuyen_tiep"][str(len(state["chuyen_tiep"]) + 1)] = {"bo_phan": bo_phan, "ly_do": ly_do}
    return {"da_chuyen": bo_phan}


FUNCTIONS = {
    function.__name__: function
    for function in (
        xac_thuc,
        xac_thuc_otp,
        tra_cuu_uy_quyen,
        tra_cuu_tai_khoan,
        tra_cuu_the,
        liet_ke_giao_dich,
        tra_cuu_giao_dich,
        tra_cuu_phi,
        tam_khoa_the,
        mo_khoa_the,
        phat_hanh_lai_the,
        doi_han_muc_the,
        dat_lai_pin,
        yeu_cau_thu_hoi,
        huy_lenh_hen_gio,
        doi_han_muc_chuyen_khoan,
        mo_khieu_nai,
        tam_hoan_tien,
        hoan_phi,
        doi_so_dien_thoai,
        doi_dia_chi,
        khoa_ngan_hang_so,
        chuyen_bo_phan,
    )
}
"""Tool name to function."""


def _account(state: Tables, number: str) -> dict[str, Any]:
    account = state["tai_khoan"].get(number)
    if account is None:
        raise ToolError(f"Không có tài khoản {number}.", "khong_tim_thay")
    return account


def _owner(state: Tables, number: str) -> dict[str, Any]:
    return state["khach_hang"][_account(state, number)["chu"]]


def _card(state: Tables, number: str, last: str) -> dict[str, Any]:
    card = state["the"].get(f"{number}-{last}")
    if card is None:
        raise ToolError(f"Tài khoản {number} không có thẻ đuôi {last}.", "khong_tim_thay")
    return card


def _transaction(state: Tables, number: str, code: str) -> dict[str, Any]:
    row = state["giao_dich"].get(code)
    if row is None or row["so_tai_khoan"] != number:
        raise ToolError(f"Tài khoản {number} không có giao dịch {code}.", "khong_tim_thay")
    return row
